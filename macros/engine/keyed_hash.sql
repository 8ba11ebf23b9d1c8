{# Keyed hash of an identifier: 64 hex characters, null for null.

   The key is a session variable that the engine's session holder sets from BANK_TAGS_PII_KEY, so it stands in no compiled
   SQL, log or docs page (DECISIONS 20). Hashing twice with the key is the envelope form that resists extension.
   Difference: DuckDB reads a session variable by getvariable; Spark puts a configured value into the SQL that it parses, and
   nothing where none is configured: that stops the run. #}
{% macro keyed_hash(value) -%}
    {{ return(adapter.dispatch('keyed_hash')(value)) }}
{%- endmacro %}

{% macro duckdb__keyed_hash(value) -%}
    {%- set key = "getvariable('pii_key')" -%}
    {{ sha256_hex(key ~ " || " ~ sha256_hex(key ~ " || " ~ value)) }}
{%- endmacro %}

{% macro spark__keyed_hash(value) -%}
    {%- set key -%}
        coalesce(nullif('${spark.banktags.pii.key}', ''), raise_error('BANK_TAGS_PII_KEY did not reach Spark: see profiles.yml'))
    {%- endset -%}
    {{ sha256_hex(key ~ " || " ~ sha256_hex(key ~ " || " ~ value)) }}
{%- endmacro %}
