-- Why each change of a tag came about: the clause that flipped, and which input crossed which boundary.
--
-- tag_change_clauses has what the rule says from both sides of the change. Where that is not the value on record
-- (another definition held then), or tags can't tell it, the reason stays open. Filter by customer_id.

{{ config(materialized='view') }}

{% set change = 'customer_id, tag_code, as_of_date' -%}
{% set comparison = change ~ ', clause_order, policy_row, comparison_order' -%}

with

-- What is compared, as text: numbers with four places.
shown as (
    select
        *,
        coalesce(cast(cast(input_number as decimal(28, 4)) as string), input_text) as input_shown
    from {{ ref('tag_change_clauses') }}
),

-- Each comparison after the change, with what it was before, and the clauses that decided.
beside_before as (
    select
        *,
        max(case when side = 'before' and decides then clause_order end) over (partition by {{ change }})
            as order_before,
        max(case when side = 'after' and decides then clause_order end) over (partition by {{ change }})
            as order_after,
        max(case when side = 'before' then case when holds then 1 else 0 end end)
            over (partition by {{ comparison }}) as held_before,
        max(case when side = 'before' then boundary end) over (partition by {{ comparison }}) as boundary_before,
        max(case when side = 'before' then input_shown end) over (partition by {{ comparison }}) as input_before
    from shown
),

-- A comparison that came out otherwise than before. Either one of the new clause has come to hold, or, since the first
-- clause decides, one of a clause before it has ceased to.
flips as (
    select
        *,
        case
            when side = 'before' then 0
            when holds and held_before = 0 and decides then 2
            when not holds and held_before = 1 and clause_order >= order_before and clause_order < order_after then 1
            else 0
        end as flip
    from beside_before
),

-- Of several the last clause, next to where the customer is.
ranked as (
    select
        *,
        row_number() over (
            partition by {{ change }}
            order by flip desc, clause_order desc, comparison_order asc, policy_row asc
        ) as place
    from flips
),

-- The clauses that decided, and the comparison that flipped.
reasons as (
    select
        customer_id,
        tag_code,
        as_of_date,
        max(case when side = 'before' and decides then clause end) as clause_before,
        max(case when side = 'after' and decides then clause end) as clause_after,
        max(case when place = 1 and flip > 0 then measure end) as input_tag,
        max(case when place = 1 and flip > 0 then operator end) as operator,
        max(case when place = 1 and flip > 0 then boundary_before end) as boundary_before,
        max(case when place = 1 and flip > 0 then boundary end) as boundary,
        max(case when place = 1 and flip > 0 then boundary_text end) as boundary_text,
        max(case when place = 1 and flip > 0 then input_before end) as input_before,
        max(case when place = 1 and flip > 0 then input_shown end) as input_after,
        max(case when place = 1 and flip > 0 then cast(input_number - boundary as decimal(28, 4)) end)
            as distance_after
    from ranked
    group by customer_id, tag_code, as_of_date
),

tag_change_reasons as (
    select
        changes.customer_id,
        changes.tag_code,
        changes.as_of_date,
        changes.change_type,
        changes.old_value,
        changes.new_value,
        reasons.clause_before,
        reasons.clause_after,
        reasons.input_tag,
        reasons.operator,
        reasons.boundary_before,
        reasons.boundary,
        reasons.boundary_text,
        reasons.input_before,
        reasons.input_after,
        reasons.distance_after,
        changes.inputs_before,
        changes.inputs_after
    from {{ ref('tag_changes') }} as changes
    left join reasons
        on
            changes.customer_id = reasons.customer_id
            and changes.tag_code = reasons.tag_code
            and changes.as_of_date = reasons.as_of_date
)

select * from tag_change_reasons
