{# dbt's listagg in the order that is asked for, on Spark too, which dbt-spark leaves to chance.
   Difference: Spark collects (order, text) pairs, sorts them and joins the texts; no rows give null, not an empty text. order_by_clause names columns, ascending. #}
{% macro spark__listagg(measure, delimiter_text, order_by_clause, limit_num) -%}
    {%- set keys = (order_by_clause or measure) | replace('order by ', '') -%}
    nullif(
        array_join(
            transform(array_sort(collect_list(struct({{ keys }}, {{ measure }} as listed_text))), pair -> pair.listed_text),
            {{ delimiter_text }}
        ),
        ''
    )
{%- endmacro %}
