{# The tags of each row as one map known_values, {code: value as text}, beside the key columns; what is unknown is null or not in it.
   Difference: DuckDB casts the row, keys and all, to a map; Spark writes it as JSON and reads that. #}
{% macro tags_as_map(relation, key_columns) -%}
    {{ return(adapter.dispatch('tags_as_map')(relation, key_columns)) }}
{%- endmacro %}

{% macro duckdb__tags_as_map(relation, key_columns) -%}
    {%- set keys = key_columns | join(', ') -%}
    select {{ keys }}, cast(known as map(string, string)) as known_values
    from (select {{ keys }}, cast(columns(* exclude ({{ keys }})) as string) from {{ relation }}) as known
{%- endmacro %}

{% macro spark__tags_as_map(relation, key_columns) -%}
    {%- set keys = key_columns | join(', ') -%}
    {#- Numbers become texts before they are read again, which would shorten 1.50 to 1.5. -#}
    select
        {{ keys }},
        from_json(
            regexp_replace(
                to_json(struct(* except ({{ keys }}))), '"([a-z0-9_]+)":(-?[0-9.]+(?:E-?[0-9]+)?)([,}])', '"$1":"$2"$3'
            ),
            'map<string, string>'
        ) as known_values
    from {{ relation }}
{%- endmacro %}
