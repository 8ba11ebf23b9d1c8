-- The home of each tag in each classification: the three of the documents, side by side (DECISIONS 39).

with

tags as (
    select
        entries.tag_code,
        entries.kind,
        entries.dimension,
        categories.segmentation_dimension,
        categories.attribute_class,
        entries.timeliness
    from {{ ref('tag_dictionary') }} as entries
    inner join {{ ref('tag_categories') }} as categories
        on entries.path = categories.path
),

tag_classifications as (
    select
        tag_code,
        dimension as data_dimension,
        segmentation_dimension,
        attribute_class,
        case when kind = 'fact' then '基础标签体系' else '场景标签体系' end as system_layer,
        case timeliness
            when 'static' then '静态标签'
            when 'realtime' then '实时标签'
            else '动态标签'
        end as timeliness_class
    from tags
)

select * from tag_classifications
