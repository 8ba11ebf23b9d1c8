{# Whole days from a date to the business date, as int: 0 for the date itself, null for no date.

   {{ days_since('usage.last_login_date') }} #}
{% macro days_since(date_column) -%}
    cast({{ dbt.datediff(date_column, as_of_date(), 'day') }} as int)
{%- endmacro %}
