{# At the start of a run: says loudly, once, on the screen and in the log, that identifiers are hashed with the published demo
   key. The key itself is never read here. Difference: DuckDB keeps the mark in a session variable, see banktags/pii.py. #}
{% macro warn_demo_key() -%}
    {% if execute and flags.WHICH in ('build', 'run') %}
        {{ return(adapter.dispatch('warn_demo_key')()) }}
    {% endif %}
{%- endmacro %}

{% macro duckdb__warn_demo_key() -%}
    {{ warn_of_demo_key() if run_query("select getvariable('pii_key_is_demo')").rows[0][0] }}
{%- endmacro %}

{# The environment of dbt for Spark may not hold this project, whose plugin judges the key before (banktags/keys.py): a key that protects
   nobody is refused here too. By the names of the batches, for the files are the cluster's; check_landing_zone has declared the table. #}
{% macro spark__warn_demo_key() -%}
    {%- set key = env_var('BANK_TAGS_PII_KEY', '') -%}
    {%- if not key -%}
        {%- set batches = load_relation(source('core', 'batches')) -%}
        {%- if batches and run_query("select count(*) from " ~ batches ~ " where batch_id not like 'DEMO-%'").rows[0][0] -%}
            {%- do refuse_run('BANK_TAGS_PII_KEY is not set, and the extracts are not the demo bank alone: set the key that this bank is hashed with') -%}
        {%- endif -%}
        {{ warn_of_demo_key() }}
    {%- elif key | length < 16 or key | list | unique | list | length < 6 or key | lower | trim == 'bank-tags-demo-key' -%}
        {%- do refuse_run('BANK_TAGS_PII_KEY has fewer than 16 characters, fewer than 6 different ones, or is the published demo key: set a secret of your bank') -%}
    {%- endif -%}
{%- endmacro %}

{% macro warn_of_demo_key() -%}
    {% do exceptions.warn(
        "WARNING: BANK_TAGS_PII_KEY is not set: identifiers are hashed with the PUBLISHED DEMO KEY, and anyone can recover them. "
        ~ "Set it to a secret of your bank before you load real data."
    ) %}
{%- endmacro %}
