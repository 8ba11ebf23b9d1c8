{# The rows of tag_scan with a row for each bin in place of bin_counts: bin and its customers.
   Difference: DuckDB unfolds JSON by json_each; Spark by explode(from_json(…, 'map<string, bigint>')). #}
{% macro unfold_bin_counts(relation) -%}
    {{ return(adapter.dispatch('unfold_bin_counts')(relation)) }}
{%- endmacro %}

{% macro default__unfold_bin_counts(relation) -%}
    select
        tag_code,
        as_of_date,
        bin_kind,
        explode(from_json(bin_counts, 'map<string, bigint>')) as (bin, customers)
    from {{ relation }}
{%- endmacro %}

{% macro duckdb__unfold_bin_counts(relation) -%}
    select
        scanned.tag_code,
        scanned.as_of_date,
        scanned.bin_kind,
        counted.key as bin,
        cast(counted.value as bigint) as customers
    from {{ relation }} as scanned
    cross join json_each(scanned.bin_counts) as counted
{%- endmacro %}
