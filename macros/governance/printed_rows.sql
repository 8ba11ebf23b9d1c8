{# A query for a test, each row of which is printed while dbt tests, so that the console says what is wrong and not only how
   much. The query runs twice then: for small tables. #}
{% macro printed_rows(query) -%}
    {%- if execute and flags.WHICH in ('build', 'test') -%}
        {%- for row in run_query(query).rows -%}
            {%- do log(row.values() | join(': '), info=true) -%}
        {%- endfor -%}
    {%- endif -%}
    {{ query }}
{%- endmacro %}
