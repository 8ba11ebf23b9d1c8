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

-- The cells summed for each way to cut the bank: what is not cut by is all of it.
int_metric__slices as (
    select
        metric,
        case
            when grouping(tier) = 0 and grouping(branch_id) = 0 then 'tier_stage_branch'
            when grouping(tier) = 0 then 'tier'
            when grouping(lifecycle_stage) = 0 then 'lifecycle_stage'
            when grouping(branch_id) = 0 then 'branch'
            else 'bank'
        end as cut_by,
        case when grouping(tier) = 0 then tier else 'all' end as tier,
        case when grouping(lifecycle_stage) = 0 then lifecycle_stage else 'all' end as lifecycle_stage,
        case when grouping(branch_id) = 0 then branch_id else 'all' end as branch_id,
        cast(sum(numerator) as decimal(28, 2)) as numerator,
        cast(sum(denominator) as decimal(28, 2)) as denominator,
        cast(sum(customers) as bigint) as customers
    from cells
    group by
        grouping sets (
            (metric),
            (metric, tier),
            (metric, lifecycle_stage),
            (metric, branch_id),
            (metric, tier, lifecycle_stage, branch_id)
        )
)

select * from int_metric__slices
