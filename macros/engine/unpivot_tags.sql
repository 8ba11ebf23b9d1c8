{# Every column of a wide table but its key as rows (key columns, tag_code, tag_value): the value as text, and no row where it is
   null. The columns are taken from the relation by the engine, so none is named here and nothing is queried at compile time.
   Difference: DuckDB has unpivot over columns(*); Spark explodes the row's JSON as a map of texts. #}
{% macro unpivot_tags(relation, key_columns) -%}
    {{ return(adapter.dispatch('unpivot_tags')(relation, key_columns)) }}
{%- endmacro %}

{% macro duckdb__unpivot_tags(relation, key_columns) -%}
    {%- set keys = key_columns | join(', ') -%}
    select {{ keys }}, tag_code, tag_value
    from (
        unpivot (select {{ keys }}, cast(columns(* exclude ({{ keys }})) as string) from {{ relation }})
        on columns(* exclude ({{ keys }}))
        into name tag_code value tag_value
    )
{%- endmacro %}

{% macro spark__unpivot_tags(relation, key_columns) -%}
    {%- set keys = key_columns | join(', ') -%}
    select {{ keys }}, explode(known_values) as (tag_code, tag_value)
    from ({{ tags_as_map(relation, key_columns) }}) as known
{%- endmacro %}
