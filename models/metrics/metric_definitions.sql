-- What each metric means and how it is computed, from the entries that MetricFlow reads.

{%- set columns = [
    'metric', 'name_zh', 'unit', 'description', 'formula_zh', 'numerator', 'denominator', 'metric_order'
] -%}
{%- set rows = [] -%}
{%- for metric in metrics_shown() -%}
    {%- do rows.append({
        'metric': metric.name, 'name_zh': metric.label, 'unit': metric.unit, 'description': metric.description,
        'formula_zh': metric.formula_zh, 'numerator': metric.numerator, 'denominator': metric.denominator,
        'metric_order': metric.position,
    }) -%}
{%- endfor %}

with

metric_definitions as (
    select
        metric,
        name_zh,
        unit,
        description,
        formula_zh,
        numerator as numerator_column,
        denominator as denominator_column,
        denominator is not null as is_ratio,
        cast(metric_order as int) as metric_order
    from {{ rows_from(rows, columns) }} as listed
)

select * from metric_definitions
