{{ printed_rows() }}

-- No slice of a metric that is shown is of fewer customers than the minimum, and none follows by subtraction: what is
-- hidden of a tier, a stage or a branch that is shown is of nobody, or of that many at least.
-- Template blocks don't indent: the lines in them stand where they would without.
-- sqlfluff:indentation:template_blocks_indent:false
with

privacy as (
    select {{ minimum_group_size() }} as minimum_size
),

told as (
    select
        metric,
        cut_by,
        tier,
        lifecycle_stage,
        branch_id,
        customers
    from {{ ref('metric_values') }}
    where customers > 0
),

hidden as (
    {% for dimension in metric_dimensions() %}
    select
        margins.metric,
        margins.cut_by,
        margins.tier,
        margins.lifecycle_stage,
        margins.branch_id,
        margins.customers - coalesce(sum(cells.customers), 0) as customers
    from told as margins
    left join told as cells
        on
            margins.metric = cells.metric
            and cells.cut_by = 'tier_stage_branch'
            and margins.{{ dimension }} = cells.{{ dimension }}
    where
        margins.cut_by = '{{ {'branch_id': 'branch'}.get(dimension, dimension) }}'
        and margins.{{ dimension }} <> 'other'
    group by
        margins.metric, margins.cut_by, margins.tier, margins.lifecycle_stage, margins.branch_id, margins.customers
    {{ 'union all' if not loop.last }}
    {% endfor %}
),

found as (
    select
        *,
        'shown' as is_told
    from told

    union all

    select
        *,
        'by subtraction' as is_told
    from hidden
    where customers > 0
)

select
    found.*,
    privacy.minimum_size,
    'a metric tells of few customers' as problem,
    'build both of one date: dbt build -s int_metric__shown metric_values; if it stays, see models/metrics' as remedy
from found
cross join privacy
where found.customers < privacy.minimum_size
