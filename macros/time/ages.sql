{# Completed years of life on a date (周岁): the age goes up on the birthday itself. Who was born on 29 February has the
   birthday on 1 March in a common year, because 28 February is still before it. Null for an unknown or future birth date.

       {{ age_years('birth_date', as_of_date()) }}
#}
{% macro age_years(birth_date, on_date) -%}
    case
        when {{ birth_date }} > {{ on_date }} then null
        else
            cast(extract(year from {{ on_date }}) - extract(year from {{ birth_date }}) as int)
            - case
                when
                    extract(month from {{ on_date }}) * 100 + extract(day from {{ on_date }})
                    < extract(month from {{ birth_date }}) * 100 + extract(day from {{ birth_date }}) then 1
                else 0
            end
    end
{%- endmacro %}

{# Whole days from a date to the business date, as int: 0 for the date itself, null for no date.

   {{ days_since('usage.last_login_date') }} #}
{% macro days_since(date_column) -%}
    cast({{ dbt.datediff(date_column, as_of_date(), 'day') }} as int)
{%- endmacro %}
