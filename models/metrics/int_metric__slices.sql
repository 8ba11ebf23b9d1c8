-- Every metric over every slice, whatever its size: one row a metric and slice. What a reader sees is metric_values.
-- Template blocks don't indent: the lines in them stand where they would without.
-- sqlfluff:indentation:template_blocks_indent:false

with

-- One row a metric and cell. A metric that nobody of a cell adds to has its row there, so that no cell is lost.
cells as (
    {% for metric in metrics_shown() or [{'name': '', 'denominator': none}] %}
    select
        '{{ metric.name }}' as metric,
        tier,
        lifecycle_stage,
        branch_id,
        {% if metric.name -%}
        cast({{ metric.name }}__numerator as decimal(28, 2)) as numerator,
        cast({{ metric.name ~ '__denominator' if metric.denominator else 'null' }} as decimal(28, 2)) as denominator,
        {{ metric.name }}__customers as customers
        {%- else -%}
        cast(null as decimal(28, 2)) as numerator,
        cast(null as decimal(28, 2)) as denominator,
        customers_on_record as customers
        {%- endif %}
    from {{ ref('int_metric__cells') }}
    {{ 'union all' if not loop.last }}
    {% endfor %}
),

-- The ways to cut the bank.
cuts as (
    select 'bank' as cut_by
    union all
    select 'tier' as cut_by
    union all
    select 'lifecycle_stage' as cut_by
    union all
    select 'branch' as cut_by
    union all
    select 'tier_stage_branch' as cut_by
),

-- Each cell with the slice of each cut that it is part of: what is not cut by is all of it.
parts as (
    select
        cells.metric,
        cuts.cut_by,
        case when cuts.cut_by in ('tier', 'tier_stage_branch') then cells.tier else 'all' end as tier,
        case
            when cuts.cut_by in ('lifecycle_stage', 'tier_stage_branch') then cells.lifecycle_stage else 'all'
        end as lifecycle_stage,
        case when cuts.cut_by in ('branch', 'tier_stage_branch') then cells.branch_id else 'all' end as branch_id,
        cells.numerator,
        cells.denominator,
        cells.customers
    from cells
    cross join cuts
),

int_metric__slices as (
    select
        metric,
        cut_by,
        tier,
        lifecycle_stage,
        branch_id,
        cast(sum(numerator) as decimal(28, 2)) as numerator,
        cast(sum(denominator) as decimal(28, 2)) as denominator,
        cast(sum(customers) as bigint) as customers
    from parts
    group by metric, cut_by, tier, lifecycle_stage, branch_id
)

select * from int_metric__slices
