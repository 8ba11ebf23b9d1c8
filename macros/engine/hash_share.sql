{# Where the hash of a text falls between 0 and 1: the first eight hex digits of its SHA-256 as a share of 16^8. The same text always
   falls on the same place, and places are evenly spread.
   Difference: DuckDB reads hex digits by a cast, Spark by conv(). #}
{% macro hash_share(text) -%}
    ({{ adapter.dispatch('hex_number')('substr(' ~ sha256_hex(text) ~ ', 1, 8)') }} / 4294967296.0)
{%- endmacro %}

{% macro duckdb__hex_number(digits) -%}
    cast('0x' || {{ digits }} as bigint)
{%- endmacro %}

{% macro spark__hex_number(digits) -%}
    cast(conv({{ digits }}, 16, 10) as bigint)
{%- endmacro %}
