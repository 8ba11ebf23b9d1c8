{# What balance intervals [valid_from, valid_to) add up to at the end of a day. #}
{% macro balance_at(day) -%}
    sum(case when valid_from <= {{ day }} and valid_to > {{ day }} then balance else 0 end)
{%- endmacro %}

{# Balance × days of the intervals on and after first_day: what a daily average divides by its calendar days.

   Over 80万 from the 1st to the 20th and 15万 from the 21st, {{ balance_days(first_day_of('month')) }} gives, on the 31st,
   800000 × 20 + 150000 × 11. Exact: decimals and whole days only. #}
{% macro balance_days(first_day) -%}
    sum(
        cast(balance as decimal(28, 2))
        * cast(greatest(0, {{ dbt.datediff('greatest(valid_from, ' ~ first_day ~ ')', 'valid_to', 'day') }}) as int)
    )
{%- endmacro %}

{# Calendar days from first_day to the business date, both included. #}
{% macro calendar_days_since(first_day) -%}
    ({{ dbt.datediff(first_day, as_of_date(), 'day') }} + 1)
{%- endmacro %}

{# The same, from the day on which all that the customer holds is known: customers.known_from, null where it always was. Null where that is
   a day to come. #}
{% macro known_days_since(first_day) -%}
    nullif({{ calendar_days_since('greatest(' ~ first_day ~ ', coalesce(customers.known_from, ' ~ first_day ~ '))') }}, 0)
{%- endmacro %}

{# An amount divided by a whole number, rounded half up (away from zero) to the cent, as decimal(28,2): the type of all amounts after
   staging, wide enough for sums of the largest that the contract admits (DECISIONS 72).

   The quotient is taken in cents, where a tie (x.5) is exact in binary, so that rounding never falls on the wrong side. #}
{% macro divide_amount(amount, divisor) -%}
    cast(round(cast(cast({{ amount }} as decimal(38, 2)) * 100 as double) / {{ divisor }}) * 0.01 as decimal(28, 2))
{%- endmacro %}
