{# dbt's dateadd of days and months on dates, of seconds on timestamps. Difference: dbt-spark goes by way of seconds of the session's
   time zone, and stops at a null; a date of the bank has neither clock nor zone. #}
{% macro spark__dateadd(datepart, interval, from_date_or_timestamp) -%}
    {%- if datepart == 'day' -%}
        date_add(cast({{ from_date_or_timestamp }} as date), cast({{ interval }} as int))
    {%- elif datepart == 'month' -%}
        add_months(cast({{ from_date_or_timestamp }} as date), cast({{ interval }} as int))
    {%- elif datepart == 'second' -%}
        cast({{ from_date_or_timestamp }} as timestamp) + make_dt_interval(0, 0, 0, {{ interval }})
    {%- else -%}
        {{ exceptions.raise_compiler_error("dateadd by " ~ datepart ~ ": add it to macros/engine/dateadd.sql") }}
    {%- endif -%}
{%- endmacro %}
