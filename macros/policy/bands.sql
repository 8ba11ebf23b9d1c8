{# True where a value lies in the half-open band [lower, upper); a bound that is null is open. Every band of the policy seeds
   (tiers, RFM scores) is read through this, so that a boundary value belongs to the same side everywhere. #}
{% macro in_band(value, lower, upper) -%}
    (({{ lower }} is null or {{ value }} >= {{ lower }}) and ({{ upper }} is null or {{ value }} < {{ upper }}))
{%- endmacro %}

{# True where a row of an effective-dated policy seed is in force on the run's date (or on another, by its column), for the
   bank's base currency; a row that names no currency holds in any. Takes the seed's alias where the query reads more than
   the seed; by_currency=false for a seed without amounts, which has no column currency; by_date=false for one that holds at
   any time, which has no valid_from. #}
{% macro in_force(seed_alias=none, by_currency=true, on_date=as_of_date(), by_date=true) -%}
    {%- set prefix = seed_alias ~ '.' if seed_alias else '' -%}
    (
        {% if by_currency -%}
            ({{ prefix }}currency is null or {{ prefix }}currency = '{{ base_currency() }}')
        {%- endif %}
        {{- ' and' if by_currency and by_date }}
        {% if by_date -%}
        {{ prefix }}valid_from <= {{ on_date }}
        and ({{ prefix }}valid_to is null or {{ on_date }} < {{ prefix }}valid_to)
        {%- endif %}
    )
{%- endmacro %}

{# One threshold of seed rule_thresholds, in a query that aggregates the rows in force to the single row which a rule model
   cross joins: always one row, null where none is in force, so that a join can neither drop nor double a customer.

       thresholds as (
           select {{ threshold('customer_value_level', 'aum_month_avg_from') }} as value_level_aum_from
           from {{ ref('rule_thresholds') }}
           where {{ in_force() }}
       )
#}
{% macro threshold(rule, parameter) -%}
    max(case when rule = '{{ rule }}' and parameter = '{{ parameter }}' then value end)
{%- endmacro %}

{# One parameter of a policy seed whose rows are named by it alone (or by it and an item), in such a query. #}
{% macro parameter_value(parameter, item=none) -%}
    max(case when parameter = '{{ parameter }}'{{ " and item = '" ~ item ~ "'" if item }} then value end)
{%- endmacro %}
