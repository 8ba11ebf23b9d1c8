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

{% macro spark__warn_demo_key() -%}
    {{ warn_of_demo_key() if not env_var('BANK_TAGS_PII_KEY', '') }}
{%- endmacro %}

{% macro warn_of_demo_key() -%}
    {% do exceptions.warn(
        "WARNING: BANK_TAGS_PII_KEY is not set: identifiers are hashed with the PUBLISHED DEMO KEY, and anyone can recover them. "
        ~ "Set it to a secret of your bank before you load real data."
    ) %}
{%- endmacro %}
