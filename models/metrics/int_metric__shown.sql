-- Which slices of a metric may be shown: none that tells of fewer customers than the minimum, by itself or as what is
-- left of a larger one. What may not be shown is told together, as 其他 (metric_values).
-- Template blocks don't indent: the lines in them stand where they would without.
-- sqlfluff:indentation:template_blocks_indent:false

with

-- The size under which nothing is told of a group.
privacy as (
    select {{ minimum_group_size() }} as minimum_size
),

-- The smallest slices that are large enough come first: one of them is hidden too, where the few hidden by themselves
-- would follow from the total.
ranked as (
    select
        slices.*,
        privacy.minimum_size,
        slices.customers between 1 and privacy.minimum_size - 1 as is_few,
        sum(case when slices.customers < privacy.minimum_size then slices.customers else 0 end)
            over (partition by slices.metric, slices.cut_by) as few_customers,
        row_number() over (
            partition by slices.metric, slices.cut_by
            order by
                case when slices.customers < privacy.minimum_size then 1 else 0 end, slices.customers,
                slices.tier, slices.lifecycle_stage, slices.branch_id
        ) as place
    from {{ ref('int_metric__slices') }} as slices
    cross join privacy
),

margins as (
    select
        metric,
        cut_by,
        tier,
        lifecycle_stage,
        branch_id,
        is_few or (few_customers between 1 and minimum_size - 1 and place = 1) as is_hidden
    from ranked
    where cut_by <> 'tier_stage_branch'
),

-- A cell is hidden with the tier, stage or branch that it is part of.
cells_0 as (
    select
        cells.metric,
        cells.tier,
        cells.lifecycle_stage,
        cells.branch_id,
        cells.customers,
        cells.minimum_size,
        cells.is_few or tiers.is_hidden or life_stages.is_hidden or branches.is_hidden as is_hidden,
        not tiers.is_hidden as is_tier_shown,
        not life_stages.is_hidden as is_lifecycle_stage_shown,
        not branches.is_hidden as is_branch_id_shown
    from ranked as cells
    inner join margins as tiers
        on
            cells.metric = tiers.metric
            and tiers.cut_by = 'tier'
            and cells.tier = tiers.tier
    inner join margins as life_stages
        on
            cells.metric = life_stages.metric
            and life_stages.cut_by = 'lifecycle_stage'
            and cells.lifecycle_stage = life_stages.lifecycle_stage
    inner join margins as branches
        on
            cells.metric = branches.metric
            and branches.cut_by = 'branch'
            and cells.branch_id = branches.branch_id
    where cells.cut_by = 'tier_stage_branch'
),

-- What is hidden of a tier follows from the tier and its other cells, and so of a stage and of a branch. Where it is of
-- few, or one cell, one more is hidden; that may leave few or one of another tier, stage or branch: three rounds.
{% for step in range(9) -%}
{% set dimension = metric_dimensions()[step % 3] -%}
cells_{{ step + 1 }} as (
    {{ hide_one_more('cells_' ~ step, dimension) }}
),

{% endfor -%}

-- Where that still leaves few, or one of several, no cell of the metric is shown.
left_over as (
    {% for dimension in metric_dimensions() %}
    select metric
    from cells_9
    where is_{{ dimension }}_shown
    group by metric, {{ dimension }}
    having
        sum(case when is_hidden then customers else 0 end) between 1 and max(minimum_size) - 1
        or (
            count(case when is_hidden and customers > 0 then 1 end) = 1
            and count(case when customers > 0 then 1 end) > 1
        )
    {{ 'union distinct' if not loop.last }}
    {% endfor %}
),

int_metric__shown as (
    select
        metric,
        cut_by,
        tier,
        lifecycle_stage,
        branch_id,
        not is_hidden as is_shown
    from margins

    union all

    select
        cells_9.metric,
        'tier_stage_branch' as cut_by,
        cells_9.tier,
        cells_9.lifecycle_stage,
        cells_9.branch_id,
        not cells_9.is_hidden and left_over.metric is null as is_shown
    from cells_9
    left join left_over
        on cells_9.metric = left_over.metric
)

select * from int_metric__shown
