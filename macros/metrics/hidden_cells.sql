{# The cells of a relation, of each metric, with one more hidden in each tier, stage or branch (dimension) that is shown and of which few
   customers, or one cell, are hidden: the smallest that is not. #}
{% macro hide_one_more(cells, dimension) -%}
    select
        metric,
        tier,
        lifecycle_stage,
        branch_id,
        customers,
        minimum_size,
        is_hidden
        or (
            is_{{ dimension }}_shown
            and place = 1
            and (hidden_customers between 1 and minimum_size - 1 or hidden_cells = 1)
        ) as is_hidden,
        is_tier_shown,
        is_lifecycle_stage_shown,
        is_branch_id_shown
    from (
        select
            *,
            sum(case when is_hidden then customers else 0 end) over (partition by metric, {{ dimension }})
                as hidden_customers,
            sum(case when is_hidden and customers > 0 then 1 else 0 end) over (partition by metric, {{ dimension }})
                as hidden_cells,
            row_number() over (
                partition by metric, {{ dimension }}
                order by
                    case when is_hidden or customers = 0 then 1 else 0 end,
                    customers, tier, lifecycle_stage, branch_id
            ) as place
        from {{ cells }}
    ) as ranked
{%- endmacro %}
