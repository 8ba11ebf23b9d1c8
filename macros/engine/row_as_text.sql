{# A whole row of a relation as one text: the last tie-break that makes a choice among rows deterministic, and the record
   that a quarantine keeps. Difference: DuckDB casts the row itself to JSON; Spark needs to_json(struct(*)). #}
{% macro row_as_text(relation_alias) -%}
    {{ return(adapter.dispatch('row_as_text')(relation_alias)) }}
{%- endmacro %}

{% macro duckdb__row_as_text(relation_alias) -%}
    cast(to_json({{ relation_alias }}) as string)
{%- endmacro %}

{% macro spark__row_as_text(relation_alias) -%}
    to_json(struct({{ relation_alias }}.*), map('ignoreNullFields', 'false', 'timestampNTZFormat', 'yyyy-MM-dd HH:mm:ss'))
{%- endmacro %}
