-- What the rule of a changed tag says from both sides of the change: one row a change, side, clause and comparison,
-- with whether it holds and which clause decides.
--
-- The rule is judged by macro judged_rules with the inputs and the boundaries of that side. One chain of steps, each by
-- change, so that a question about one customer reads their changes only.

{{ config(materialized='view') }}

with

both_sides as (
    select 'before' as side
    union all
    select 'after' as side
),

-- Each change from both sides. Of a new customer there is no side before, of one who has gone none after, and of a
-- changed rule only the new one can be asked: such a side has no date.
sides as (
    select
        changes.customer_id,
        changes.tag_code,
        changes.as_of_date,
        both_sides.side,
        case both_sides.side when 'before' then changes.old_value else changes.new_value end as tag_value,
        case both_sides.side when 'before' then changes.inputs_before else changes.inputs_after end as inputs,
        case
            when both_sides.side = 'before' and changes.change_type in ('moved', 'policy_changed', 'gone')
                then observed_dates.previous_date
            when both_sides.side = 'after' and changes.change_type <> 'gone' then changes.as_of_date
        end as asked_on
    from {{ ref('tag_changes') }} as changes
    left join {{ ref('observed_dates') }} as observed_dates
        on changes.as_of_date = observed_dates.as_of_date
    cross join both_sides
),

boundaries as (
    select * from {{ ref('tag_boundary_versions') }}
),

rules as (
    {{ clauses_as_lists('boundaries') }}
),

-- The sides that can be asked, each with the clauses of the tag's rule.
asked as (
    select
        sides.customer_id,
        sides.tag_code,
        sides.as_of_date,
        sides.side,
        sides.tag_value,
        {{ json_as_map('sides.inputs') }} as known_inputs,
        sides.asked_on,
        rules.clauses
    from sides
    inner join rules
        on sides.tag_code = rules.tag_code
    where sides.asked_on is not null
),

judged as (
    {{ judged_rules('asked') }}
),

tag_change_clauses as (
    {{ clauses_as_rows('judged', ['customer_id', 'tag_code', 'as_of_date', 'side']) }}
)

select * from tag_change_clauses
