{# What a table is partitioned by, for its materialization. Difference: Spark's tables are, by the config partition_by; a
   DuckDB file has no partitions, and its adapter would say so of each such table in every build. #}
{% macro duckdb__get_partitioned_by(relation, temporary) -%}
    {{ return(none) }}
{%- endmacro %}
