{# Rounds of joining who hangs together, as CTEs joined_1 to joined_<rounds> after a CTE joined_0 of declarations seen from both sides
   (customer_id, related_customer_id, household_mark). In each round the least mark that reaches a person goes to all who are joined
   with them, and to all who bear their mark so far: as a rule that halves a chain. DuckDB plans four rounds in no time, and takes
   minutes over eight: more rounds belong into another model. #}
{% macro join_households(rounds) -%}
    {% for round in range(rounds) %}
    seen_{{ loop.index }} as (
        select
            customer_id,
            related_customer_id,
            household_mark,
            min(household_mark) over (partition by customer_id) as least_mark
        from joined_{{ loop.index0 }}
    ),

    passed_on_{{ loop.index }} as (
        select
            customer_id,
            related_customer_id,
            household_mark,
            min(least_mark) over (partition by related_customer_id) as least_mark
        from seen_{{ loop.index }}
    ),

    joined_{{ loop.index }} as (
        select
            customer_id,
            related_customer_id,
            min(least_mark) over (partition by household_mark) as household_mark
        from passed_on_{{ loop.index }}
    ),

    {% endfor %}
{%- endmacro %}
