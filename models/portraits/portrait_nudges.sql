-- What would change it (如何改变): for each other value that one input alone can give a tag of a customer, the smallest
-- change of that input. Of today, and of each date on which the value changed. Filter by customer_id.
--
-- Macro portrait_tries says what might turn a comparison; macro judged_rules judges the rule anew with each.

{{ config(materialized='view') }}

with

boundaries as (
    select * from {{ ref('tag_boundary_versions') }}
),

rules as (
    {{ clauses_as_lists('boundaries') }}
),

today as (
    {{ tags_as_map(ref('customer_tags'), ['customer_id', 'as_of_date']) }}
),

-- Each tag with clauses and the values of its customer: of today, and after each change.
on_record as (
    select
        today.customer_id,
        rules.tag_code,
        today.as_of_date,
        today.known_values[rules.tag_code] as tag_value,
        today.known_values,
        rules.clauses,
        rules.input_tags
    from today
    cross join rules

    union all

    select
        changes.customer_id,
        changes.tag_code,
        changes.as_of_date,
        changes.new_value as tag_value,
        {{ json_as_map('changes.inputs_after') }} as known_values,
        rules.clauses,
        rules.input_tags
    from {{ ref('tag_changes') }} as changes
    inner join rules
        on changes.tag_code = rules.tag_code
    where
        changes.change_type <> 'gone'
        and changes.as_of_date <> {{ as_of_date() }}
),

-- What its rule reads of them.
asked as (
    select
        customer_id,
        tag_code,
        as_of_date,
        as_of_date as asked_on,
        tag_value,
        clauses,
        input_tags,
        {{ map_from_lists('input_tags', each_of('input_tags', 'code', 'known_values[code]')) }} as known_inputs
    from on_record
),

judged as (
    {{ judged_rules('asked') }}
),

-- What something beyond the tags has decided, no tag would change.
explained as (
    select *
    from judged
    where
        is_told
        or (first_held is null and tag_value is null)
),

tries as (
    {{ portrait_tries('explained', [
        'customer_id', 'tag_code', 'as_of_date', 'asked_on', 'tag_value', 'clauses', 'input_tags', 'known_inputs'
    ]) }}
),

-- The values of the rule's tags with that one changed.
tried as (
    select
        customer_id,
        tag_code,
        as_of_date,
        asked_on,
        tag_value,
        clauses,
        {{ map_from_lists('input_tags', each_of(
            'input_tags', 'code', 'case when code = input_tag then tried_value else known_inputs[code] end'
        )) }} as known_inputs,
        clause_order as turned_clause,
        policy_row as turned_row,
        comparison_order as turned_comparison,
        input_tag,
        change,
        tried_value
    from tries
),

judged_anew as (
    {{ judged_rules('tried') }}
),

-- The smallest change to each other value; a yes or no comes last.
ranked as (
    select
        *,
        row_number() over (
            partition by customer_id, tag_code, as_of_date, first_value
            order by
                case when change is null then 1 else 0 end, abs(change), turned_clause, turned_row, turned_comparison,
                input_tag, change, tried_value
        ) as place
    from judged_anew
    where first_value is distinct from tag_value
),

portrait_nudges as (
    select
        customer_id,
        tag_code,
        as_of_date,
        first_value as other_value,
        input_tag,
        change,
        tried_value as input_value
    from ranked
    where
        place = 1
        and first_value is not null
)

select * from portrait_nudges
