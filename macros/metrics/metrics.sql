{# The metrics that the metrics mart shows, as MetricFlow has them: those of models/metrics/_metrics.yml whose config.meta has an entry
   `metric`. One definition serves both (DECISIONS 95): a metric is the sum of a column of metric_customers, or the ratio of two sums.

   A list of {name, numerator, denominator, name_zh, …}; denominator is none for a sum. Empty while dbt parses and in a unit test,
   where the graph is empty. #}
{% macro metrics_shown() -%}
    {%- set columns = {} -%}
    {%- for model in graph.get('semantic_models', {}).values() -%}
        {%- for measure in model.measures -%}
            {%- do columns.update({measure.name: measure.expr or measure.name}) -%}
        {%- endfor -%}
    {%- endfor -%}
    {%- set sums, found = {}, [] -%}
    {%- for metric in graph.get('metrics', {}).values() if metric.type_params.measure -%}
        {%- do sums.update({metric.name: columns[metric.type_params.measure.name]}) -%}
    {%- endfor -%}
    {%- for metric in graph.get('metrics', {}).values() -%}
        {%- set said = metric.config.get('meta', {}).get('metric') -%}
        {%- if said and metric.type_params.numerator -%}
            {%- do found.append({
                'name': metric.name, 'numerator': sums[metric.type_params.numerator.name],
                'denominator': sums[metric.type_params.denominator.name],
                'label': metric.label, 'description': metric.description,
            }) -%}
        {%- elif said -%}
            {%- do found.append({
                'name': metric.name, 'numerator': sums[metric.name], 'denominator': none,
                'label': metric.label, 'description': metric.description,
            }) -%}
        {%- endif -%}
        {%- if said -%}{%- do found[-1].update(said) -%}{%- endif -%}
    {%- endfor -%}
    {{ return(found | sort(attribute='position')) }}
{%- endmacro %}

{# The dimensions of a slice, as the columns that every slice has. #}
{% macro metric_dimensions() -%}
    {{ return(['tier', 'lifecycle_stage', 'branch_id']) }}
{%- endmacro %}
