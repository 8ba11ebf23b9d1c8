{# True where a value lies in the half-open band [lower, upper); a bound that is null is open. Every band of the policy seeds
   (tiers, RFM scores) is read through this, so that a boundary value belongs to the same side everywhere. #}
{% macro in_band(value, lower, upper) -%}
    (({{ lower }} is null or {{ value }} >= {{ lower }}) and ({{ upper }} is null or {{ value }} < {{ upper }}))
{%- endmacro %}

{# True where a row of an effective-dated policy seed is in force on the run's date, for the bank's base currency. #}
{% macro in_force(seed_alias) -%}
    (
        {{ seed_alias }}.currency = '{{ var("base_currency") }}'
        and {{ seed_alias }}.valid_from <= {{ as_of_date() }}
        and ({{ seed_alias }}.valid_to is null or {{ as_of_date() }} < {{ seed_alias }}.valid_to)
    )
{%- endmacro %}
