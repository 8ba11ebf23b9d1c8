{# The rows of a relation with `p_adjusted`: p after Holm's step-down correction (S. Holm 1979) within its family, null where p is.
   The smallest p of m counts m-fold, the next (m − 1)-fold, and none less than one before it. `key` makes the order of ties definite.

       with_holm('tests', p='p_value', family=['campaign_id'], key=['metric', 'group_value']) #}
{% macro with_holm(relation, p, family, key) -%}
    select
        ranked.*,
        case
            when ranked.{{ p }} is not null
                then least(1e0, max(ranked.{{ p }} * (ranked.tests_in_family - ranked.p_rank + 1)) over (
                    partition by {% for column in family %}ranked.{{ column }}, {% endfor %}ranked.{{ p }} is null
                    order by ranked.p_rank
                    rows between unbounded preceding and current row
                ))
        end as p_adjusted
    from (
        select
            *,
            count({{ p }}) over (partition by {{ family | join(', ') }}) as tests_in_family,
            row_number() over (
                partition by {{ family | join(', ') }}
                order by case when {{ p }} is null then 1 else 0 end, {{ (([p] + key) | join(', ')) }}
            ) as p_rank
        from {{ relation }}
    ) as ranked
{%- endmacro %}
