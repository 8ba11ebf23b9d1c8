-- Why each change of a tag came about: the clause that flipped, and which input crossed which boundary.
--
-- The clauses of the tag's rule are asked twice, each time with the inputs and the boundaries of that side of the
-- change. Where their answer is not the value on record (another definition held then), or tags can't tell it, the
-- reason stays open. One chain of steps, each by change, so that a question about one customer reads his changes only.

{{ config(materialized='view') }}

{% set change = 'customer_id, tag_code, as_of_date' -%}
{% set clause = change ~ ', clause_order, policy_row' -%}

with

both_sides as (
    select 'before' as side
    union all
    select 'after' as side
),

-- Each change from both sides. Of a new customer there is no side before, of one who has gone none after, and of a
-- changed rule only the new one can be asked: such a side has no date, so it meets no boundaries.
sides as (
    select
        changes.*,
        both_sides.side,
        case both_sides.side when 'before' then changes.old_value else changes.new_value end as value_on_record,
        case both_sides.side when 'before' then changes.inputs_before else changes.inputs_after end as inputs,
        case
            when both_sides.side = 'before' and changes.change_type in ('moved', 'policy_changed', 'gone')
                then observed_dates.previous_date
            when both_sides.side = 'after' and changes.change_type <> 'gone' then changes.as_of_date
        end as observed_on
    from {{ ref('tag_changes') }} as changes
    left join {{ ref('observed_dates') }} as observed_dates
        on changes.as_of_date = observed_dates.as_of_date
    cross join both_sides
),

-- What each comparison of the rule is made of, with the boundary in force on that side.
given as (
    select
        sides.*,
        boundaries.clause_order,
        boundaries.policy_row,
        boundaries.tag_value,
        boundaries.clause,
        boundaries.comparisons,
        boundaries.comparison_order,
        boundaries.measure,
        boundaries.input_tag,
        boundaries.input_sign,
        boundaries.operator,
        boundaries.boundary,
        boundaries.boundary_text,
        {{ json_value('sides.inputs', 'boundaries.input_tag') }} as input_text
    from sides
    left join {{ ref('tag_boundary_versions') }} as boundaries
        on
            sides.tag_code = boundaries.tag_code
            and sides.observed_on >= coalesce(boundaries.valid_from, date '0001-01-01')
            and sides.observed_on < coalesce(boundaries.valid_to, date '9999-12-31')
),

-- What is compared: a tag, or the sum of some, which is unknown where one of them is.
measured as (
    select
        customer_id,
        tag_code,
        as_of_date,
        side,
        clause_order,
        policy_row,
        comparison_order,
        max(change_type) as change_type,
        max(old_value) as old_value,
        max(new_value) as new_value,
        max(inputs_before) as inputs_before,
        max(inputs_after) as inputs_after,
        max(value_on_record) as value_on_record,
        max(tag_value) as tag_value,
        max(clause) as clause,
        max(comparisons) as comparisons,
        max(measure) as measure,
        max(operator) as operator,
        max(boundary) as boundary,
        max(boundary_text) as boundary_text,
        max(input_text) as input_text,
        case
            when count(try_cast(input_text as decimal(28, 4))) = count(input_tag)
                then sum(input_sign * try_cast(input_text as decimal(28, 4)))
        end as input_number
    from given
    group by customer_id, tag_code, as_of_date, side, clause_order, policy_row, comparison_order
),

-- Whether it holds.
compared as (
    select
        *,
        {{ comparison_holds() }} as holds
    from measured
),

-- A clause holds where all its comparisons do. Of some, tags can't tell it: a rule as a whole, a condition beyond tags.
clauses as (
    select
        *,
        count(case when holds then 1 end) over (partition by {{ clause }}, side) = comparisons as clause_holds,
        comparisons = 0 and clause <> 'otherwise' as is_beyond_tags,
        clause_order = 0 or coalesce(tag_value, '') = coalesce(value_on_record, '') as gives_value
    from compared
),

-- The first clause that holds.
first_clauses as (
    select
        *,
        min(case when clause_holds and not is_beyond_tags then clause_order end)
            over (partition by {{ change }}, side) as first_clause
    from clauses
),

-- It decides, if it gives the value on record; if not, it may have been one beyond the tags.
deciding as (
    select
        *,
        clause_holds and gives_value and (is_beyond_tags or clause_order = first_clause) as decides
    from first_clauses
),

-- Each comparison after the change, with what it was before, and the clauses that decided.
beside_before as (
    select
        *,
        max(case when side = 'before' and decides then clause end) over (partition by {{ change }}) as clause_before,
        max(case when side = 'after' and decides then clause end) over (partition by {{ change }}) as clause_after,
        max(case when side = 'before' and decides then clause_order end) over (partition by {{ change }})
            as order_before,
        max(case when side = 'after' and decides then clause_order end) over (partition by {{ change }})
            as order_after,
        max(case when side = 'before' then case when holds then 1 else 0 end end)
            over (partition by {{ clause }}, comparison_order) as held_before,
        max(case when side = 'before' then boundary end)
            over (partition by {{ clause }}, comparison_order) as boundary_before,
        max(case when side = 'before' then coalesce(cast(input_number as string), input_text) end)
            over (partition by {{ clause }}, comparison_order) as input_before
    from deciding
),

-- A comparison that came out otherwise than before. Either one of the new clause has come to hold, or, since the first
-- clause decides, one of a clause before it has ceased to: of several the last, next to where the customer is.
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

ranked as (
    select
        *,
        row_number() over (
            partition by {{ change }}
            order by flip desc, clause_order desc, comparison_order asc, policy_row asc, side asc
        ) as place
    from flips
),

tag_change_reasons as (
    select
        customer_id,
        tag_code,
        as_of_date,
        change_type,
        old_value,
        new_value,
        clause_before,
        clause_after,
        case when flip > 0 then measure end as input_tag,
        case when flip > 0 then operator end as operator,
        case when flip > 0 then boundary_before end as boundary_before,
        case when flip > 0 then boundary end as boundary,
        case when flip > 0 then boundary_text end as boundary_text,
        case when flip > 0 then input_before end as input_before,
        case when flip > 0 then coalesce(cast(input_number as string), input_text) end as input_after,
        case when flip > 0 then cast(input_number - boundary as decimal(28, 4)) end as distance_after,
        inputs_before,
        inputs_after
    from ranked
    where place = 1
)

select * from tag_change_reasons
