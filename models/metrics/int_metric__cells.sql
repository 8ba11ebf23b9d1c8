-- The parts of the metrics summed over each cell of tier, life-cycle stage and branch: one row a cell, and for each
-- metric its numerator, its denominator and how many customers it is of. All coarser slices are sums of these cells.
-- Written from the project's list of metrics.
-- Template blocks don't indent: the lines in them stand where they would without.
-- sqlfluff:indentation:template_blocks_indent:false

with

int_metric__cells as (
    select
        tier,
        lifecycle_stage,
        branch_id,
        {%- for metric in metrics_shown() %}
        sum({{ metric.numerator }}) as {{ metric.name }}__numerator,
        sum({{ metric.denominator or 'null' }}) as {{ metric.name }}__denominator,
        count({{ metric.denominator or metric.numerator }}) as {{ metric.name }}__customers,
        {%- endfor %}
        count(*) as customers_on_record
    from {{ ref('metric_customers') }}
    group by tier, lifecycle_stage, branch_id
)

select * from int_metric__cells
