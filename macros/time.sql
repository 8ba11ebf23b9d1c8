{# The business date that the run stands on: the only clock of the project. #}
{% macro as_of_date() -%}
    cast('{{ var("as_of_date") }}' as date)
{%- endmacro %}

{# True for a date inside the half-open window (as_of − days, as_of]. #}
{% macro in_last_days(date_column, days) -%}
    ({{ date_column }} > {{ as_of_date() }} - interval '{{ days }}' day and {{ date_column }} <= {{ as_of_date() }})
{%- endmacro %}
