-- How healthy the portraits are (画像健康度): five essentials, each with one measured share.

with

tags as (
    select
        tag_code,
        status
    from {{ ref('tag_dictionary') }}
),

source_systems as (
    select distinct system_name
    from {{ ref('source_freshness_policy') }}
),

feeding_systems as (
    select distinct {{ dbt.split_part('input_name', "'.'", 1) }} as system_name
    from {{ ref('tag_rule_inputs') }}
    where input_kind = 'source'
),

-- A source that is old as a whole has lowered the confidence of everybody's value.
outdated_tags as (
    select distinct tag_code
    from {{ ref('tag_confidence') }}
    where customer_id is null and confidence < 1
),

used_tags as (
    select tag_code
    from {{ ref('audience_tags') }}

    union distinct

    select tag_code
    from {{ ref('stg_governance__query_log') }}
    where {{ event_in_last_days('queried_date', 90) }}
),

reviews as (
    select is_resolved
    from {{ ref('stg_governance__tag_reviews') }}
    where {{ in_last_days('reviewed_date', 365) }}
),

indicators as (
    select
        'diverse_sources' as indicator,
        1 as display_order,
        '采集多样' as name_zh,
        '数据孤岛' as difficulty_zh,
        '供给标签的来源系统' as numerator_zh,
        '合同中的来源系统' as denominator_zh,
        count(feeding_systems.system_name) as numerator,
        count(*) as denominator
    from source_systems
    left join feeding_systems
        on source_systems.system_name = feeding_systems.system_name

    union all

    select
        'standardised' as indicator,
        2 as display_order,
        '标准化' as name_zh,
        '标签定义混乱' as difficulty_zh,
        '已认证标签' as numerator_zh,
        '全部标签' as denominator_zh,
        count(case when status = 'certified' then 1 end) as numerator,
        count(*) as denominator
    from tags

    union all

    select
        'up_to_date' as indicator,
        3 as display_order,
        '动态更新' as name_zh,
        '画像静态化' as difficulty_zh,
        '来源全部新鲜的标签' as numerator_zh,
        '全部标签' as denominator_zh,
        count(case when outdated_tags.tag_code is null then 1 end) as numerator,
        count(*) as denominator
    from tags
    left join outdated_tags
        on tags.tag_code = outdated_tags.tag_code

    union all

    select
        'embedded' as indicator,
        4 as display_order,
        '流程嵌入' as name_zh,
        '部门壁垒' as difficulty_zh,
        '被客群引用或近90天被查询的标签' as numerator_zh,
        '全部标签' as denominator_zh,
        count(used_tags.tag_code) as numerator,
        count(*) as denominator
    from tags
    left join used_tags
        on tags.tag_code = used_tags.tag_code

    union all

    select
        'feedback' as indicator,
        5 as display_order,
        '反馈闭环' as name_zh,
        '缺少反馈' as difficulty_zh,
        '已解决的标签评价' as numerator_zh,
        '近365天的标签评价' as denominator_zh,
        count(case when is_resolved then 1 end) as numerator,
        count(*) as denominator
    from reviews
),

portrait_health as (
    select
        indicator,
        display_order,
        name_zh,
        difficulty_zh,
        numerator_zh,
        denominator_zh,
        numerator,
        denominator,
        {{ rate('numerator', 'denominator') }} as indicator_value,
        {{ as_of_date() }} as as_of_date
    from indicators
)

select * from portrait_health
