{# What a generic test reads of its table, dbt's hook for it: beside a `where` of the test itself,
   - of a source, the batches known as of the run's date that no recorded run has tested;
   - of an event-size table, which is staged one batch after the other, all rows of the business dates that these batches touch,
     because a key ends with its date. So a test costs what the night brings, not what the years hold (DECISIONS 60).
   Whether a source was delivered recently is asked of all its batches. #}
{% macro get_where_subquery(relation) -%}
    {%- set conditions = [config.get('where')] if config.get('where') else [] -%}
    {%- for table in staged_tables() -%}
        {%- set staged_as = table.system ~ '__' ~ table.name -%}
        {%- set date = table.key | last -%}
        {%- if relation.schema == table.system and relation.identifier == table.name -%}
            {%- do conditions.append('dt <= ' ~ as_of_date()) -%}
            {%- if model.test_metadata.name != 'delivered_as_of' -%}
                {%- do conditions.append('dt > ' ~ tested_until()) -%}
            {%- endif -%}
        {%- elif table.batched and relation.identifier in ['base_' ~ staged_as, 'stg_' ~ staged_as] -%}
            {%- do conditions.append(date ~ ' in (select ' ~ date ~ ' from ' ~ relation ~ ' where dt > ' ~ tested_until() ~ ')') -%}
        {%- endif -%}
    {%- endfor -%}
    {%- if conditions -%}
        (select * from {{ relation }} where {{ conditions | join(' and ') }}) as tested
    {%- else -%}
        {{ relation }}
    {%- endif -%}
{%- endmacro %}

{# The last business date before the run's own that was recorded as completed, and so as tested; without one, a date before all.
   A full refresh stages all batches anew, so that none of them is tested. #}
{% macro tested_until() -%}
    {%- set ledger = adapter.get_relation(target.database, 'history', 'business_dates') if execute and not flags.FULL_REFRESH -%}
    {%- set last = run_query('select max(as_of_date) from ' ~ ledger ~ ' where as_of_date < ' ~ as_of_date()).rows[0][0] if ledger -%}
    cast('{{ last or "0001-01-01" }}' as date)
{%- endmacro %}

{# The source table that the running generic test is of, which the test's own argument `model` hides. #}
{% macro tested_source() -%}
    {%- set names = modules.re.search("source[(]'([a-z_]+)', '([a-z_]+)'[)]", model.test_metadata.kwargs.model).groups() -%}
    {{ return({'system': names[0], 'name': names[1]}) }}
{%- endmacro %}
