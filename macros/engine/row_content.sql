{# What a delivered row says, as one text, whenever and in whichever batch it was delivered: the row without the columns of its
   delivery. Difference: DuckDB patches them out of the row's JSON; Spark needs to_json(struct(…)) over the other columns. #}
{% macro row_content(relation_alias, delivery_columns) -%}
    {{ return(adapter.dispatch('row_content')(relation_alias, delivery_columns)) }}
{%- endmacro %}

{% macro duckdb__row_content(relation_alias, delivery_columns) -%}
    cast(json_merge_patch(to_json({{ relation_alias }}), '{"{{ delivery_columns | join('": null, "') }}": null}') as string)
{%- endmacro %}

{% macro spark__row_content(relation_alias, delivery_columns) -%}
    to_json(struct({{ relation_alias }}.* except ({{ delivery_columns | join(', ') }})), map('timestampNTZFormat', 'yyyy-MM-dd HH:mm:ss'))
{%- endmacro %}
