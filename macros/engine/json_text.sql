{# Columns of a relation as the text of a JSON object {column: value as text}, in the order given; a null stays null.
   Difference: DuckDB has json_object(); Spark writes a struct, and leaves nulls out unless told. #}
{% macro json_text(relation, columns) -%}
    {{ return(adapter.dispatch('json_text')(relation, columns)) }}
{%- endmacro %}

{% macro duckdb__json_text(relation, columns) -%}
    cast(json_object(
        {%- for column in columns %}'{{ column }}', cast({{ relation }}.{{ column }} as string){{ ', ' if not loop.last }}{% endfor -%}
    ) as string)
{%- endmacro %}

{% macro default__json_text(relation, columns) -%}
    to_json(
        named_struct(
            {%- for column in columns %}'{{ column }}', cast({{ relation }}.{{ column }} as string){{ ', ' if not loop.last }}{% endfor -%}
        ),
        map('ignoreNullFields', 'false')
    )
{%- endmacro %}
