{# The first and the last complete batch of the extracts as texts YYYY-MM-DD, none without one; under lacking, what the newest
   batch lacks if it is not complete. Found once in a run.
   Difference: on DuckDB banktags/nightly/dbt_guard.py has compared the control table with the files before the session began;
   elsewhere the control table itself answers. #}
{% macro delivered_dates() -%}
    {%- if invocation_id not in graph.get('delivered_dates', {}) -%}
        {%- do graph.update({'delivered_dates': {invocation_id: adapter.dispatch('delivered_dates')()}}) -%}
    {%- endif -%}
    {{ return(graph.delivered_dates[invocation_id]) }}
{%- endmacro %}

{% macro duckdb__delivered_dates() -%}
    {%- set row = run_query(
        "select getvariable('first_batch'), getvariable('last_complete_batch'), getvariable('newest_batch_lacks')"
    ).rows[0] -%}
    {{ return({'first': row[0], 'last': row[1], 'lacking': row[2]}) }}
{%- endmacro %}

{% macro default__delivered_dates() -%}
    {%- set batches = adapter.get_relation(target.database, 'core', 'batches') -%}
    {%- set row = run_query('select cast(min(dt) as string), cast(max(dt) as string) from ' ~ batches).rows[0] if batches else [none, none] -%}
    {{ return({'first': row[0], 'last': row[1], 'lacking': none}) }}
{%- endmacro %}
