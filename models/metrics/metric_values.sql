-- The metrics of the bank over its slices, as a reader may see them: one row a metric and slice, with numerator and
-- denominator. Slices of few customers are one slice together, 其他, so that the slices of each cut add up to the bank.
-- Template blocks don't indent: the lines in them stand where they would without.
-- sqlfluff:indentation:template_blocks_indent:false

with

-- The size under which nothing is told of a group.
privacy as (
    select {{ minimum_group_size() }} as minimum_size
),

-- What may not be shown by itself lies in the slice other of its cut.
placed as (
    select
        slices.metric,
        slices.cut_by,
        {%- for dimension in metric_dimensions() %}
        case when shown.is_shown or slices.{{ dimension }} = 'all' then slices.{{ dimension }} else 'other' end
            as {{ dimension }},
        {%- endfor %}
        slices.numerator,
        slices.denominator,
        slices.customers
    from {{ ref('int_metric__slices') }} as slices
    inner join {{ ref('int_metric__shown') }} as shown
        on
            slices.metric = shown.metric
            and slices.cut_by = shown.cut_by
            and slices.tier = shown.tier
            and slices.lifecycle_stage = shown.lifecycle_stage
            and slices.branch_id = shown.branch_id
),

sums as (
    select
        metric,
        cut_by,
        tier,
        lifecycle_stage,
        branch_id,
        sum(numerator) as numerator,
        sum(denominator) as denominator,
        sum(customers) as customers
    from placed
    group by metric, cut_by, tier, lifecycle_stage, branch_id
),

-- A bank of few is not shown either.
told as (
    select
        sums.*,
        sums.customers = 0 or sums.customers >= privacy.minimum_size as is_told
    from sums
    cross join privacy
),

names as (
    select
        tag_code,
        value as member,
        name_zh
    from {{ ref('tag_values') }}
    where tag_code in ('aum_tier', 'lifecycle_stage')

    union all

    {% for member, name_zh in {'all': '全部', 'other': '其他', 'unknown': '无数据'}.items() %}
    {% for tag_code in ['aum_tier', 'lifecycle_stage'] %}
    select
        '{{ tag_code }}' as tag_code,
        '{{ member }}' as member,
        '{{ name_zh }}' as name_zh
    {{ 'union all' if not loop.last }}
    {% endfor %}
    {{ 'union all' if not loop.last }}
    {% endfor %}
),

metric_values as (
    select
        told.metric,
        definitions.name_zh as metric_name,
        definitions.unit,
        told.cut_by,
        told.tier,
        coalesce(tier_names.name_zh, told.tier) as tier_name,
        told.lifecycle_stage,
        coalesce(stage_names.name_zh, told.lifecycle_stage) as stage_name,
        told.branch_id,
        cast(case when told.is_told then told.customers end as bigint) as customers,
        cast(case when told.is_told then told.numerator end as decimal(28, 2)) as numerator,
        cast(case when told.is_told then told.denominator end as decimal(28, 2)) as denominator,
        case
            when not told.is_told then null
            when definitions.is_ratio then {{ rate('told.numerator', 'told.denominator') }}
            else cast(told.numerator as double)
        end as metric_value,
        {{ as_of_date() }} as as_of_date
    from told
    inner join {{ ref('metric_definitions') }} as definitions
        on told.metric = definitions.metric
    left join names as tier_names
        on
            told.tier = tier_names.member
            and tier_names.tag_code = 'aum_tier'
    left join names as stage_names
        on
            told.lifecycle_stage = stage_names.member
            and stage_names.tag_code = 'lifecycle_stage'
)

select * from metric_values
