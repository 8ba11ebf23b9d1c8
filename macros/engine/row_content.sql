{# What a delivered row says, as one text, whenever it was delivered: the row without loaded_at and dt.
   Difference: DuckDB patches the two out of the row's JSON; Spark needs to_json(struct(…)) over the other columns. #}
{% macro row_content(relation_alias) -%}
    {{ return(adapter.dispatch('row_content')(relation_alias)) }}
{%- endmacro %}

{% macro duckdb__row_content(relation_alias) -%}
    cast(json_merge_patch(to_json({{ relation_alias }}), '{"loaded_at": null, "dt": null}') as string)
{%- endmacro %}

{% macro spark__row_content(relation_alias) -%}
    to_json(struct({{ relation_alias }}.* except (loaded_at, dt)), map('timestampNTZFormat', 'yyyy-MM-dd HH:mm:ss'))
{%- endmacro %}
