-- The tag tree: every place with its parent, its depth, and how many tags stand at it and below it.

with

categories as (
    select * from {{ ref('tag_categories') }}
),

tags as (
    select
        path,
        status
    from {{ ref('tag_dictionary') }}
),

tag_tree as (
    select
        categories.path,
        categories.parent_path,
        categories.dimension,
        cast(length(categories.path) - length(replace(categories.path, '/', '')) + 1 as int) as tree_depth,
        count(case when tags.path = categories.path then 1 end) as tags_here,
        count(tags.path) as tags_below,
        count(case when tags.status = 'certified' then 1 end) as certified_below
    from categories
    left join tags
        on categories.path = tags.path or tags.path like categories.path || '/%'
    group by categories.path, categories.parent_path, categories.dimension
)

select * from tag_tree
