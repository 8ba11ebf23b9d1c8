-- What is known of a customer: each of their tags with since when, how sure and why, in words of the front line.
--
-- Of a certified rule with clauses, why is the clause that decides (macro judged_rules), with their values and the
-- thresholds in force; of any other rule the values that it reads, of a fact the tables that it is measured from.
--
-- A view that judges a customer by their own row alone: what belongs to a tag is one row of `rules`, small for any
-- bank, and their values go along in the row. So nothing is gathered over all customers: the first rows of a list, of
-- one customer or of all, come at once, and a list of all goes through in little memory.

{{ config(materialized='view') }}

{% set is_before -%}
    clause.clause_order < deciding_clause.clause_order
    or (clause.clause_order = deciding_clause.clause_order and clause.policy_row < deciding_clause.policy_row)
{%- endset -%}
{% set held = those_of('deciding_clause.comparisons', 'one', 'one.holds') -%}
{% set failed_before = those_of('clause_before.comparisons', 'one', 'not one.holds') -%}
{% set known = those_of('inputs', 'input', 'known_inputs[input.tag_code] is not null') -%}

with

-- The first day of each tag in history. What stood on that day has stood since nobody knows when.
tracked as (
    select
        tag_code,
        min(as_of_date) as tracked_from
    from {{ ref('tag_versions') }}
    group by tag_code
),

-- Since when the values that stand have stood, where history has seen them begin.
standing as (
    select
        history.customer_id,
        {{ map_of('history.tag_code', 'history.valid_from') }} as since
    from {{ ref('tag_history') }} as history
    inner join tracked
        on
            history.tag_code = tracked.tag_code
            and history.valid_from > tracked.tracked_from
    where history.valid_to is null
    group by history.customer_id
),

-- How sure the values of a customer are, where that was measured for them.
own_confidence as (
    select
        customer_id,
        {{ map_of('tag_code', 'confidence') }} as confidence
    from {{ ref('tag_confidence') }}
    where customer_id is not null
    group by customer_id
),

-- Each customer with the values of all tags.
customers as (
    select
        wide_rows.customer_id,
        wide_rows.as_of_date,
        wide_rows.known_values,
        standing.since,
        own_confidence.confidence
    from ({{ tags_as_map(ref('customer_tags'), ['customer_id', 'as_of_date']) }}) as wide_rows
    left join standing
        on wide_rows.customer_id = standing.customer_id
    left join own_confidence
        on wide_rows.customer_id = own_confidence.customer_id
),

rules as (
    {{ portrait_rules() }}
),

-- Each known tag of a customer beside its rule. Not by a join on the tag: an engine that takes a customer's tags for
-- fewer than the rules would gather those of all customers first.
known as (
    select
        customers.customer_id,
        rules.tag_code,
        {{ unfold(['customers.known_values[rules.tag_code]']) }} as tag_value,
        customers.as_of_date as asked_on,
        customers.known_values,
        customers.since[rules.tag_code] as since,
        -- A customer's own confidence is never above that of all customers; without either it is 1.
        coalesce(customers.confidence[rules.tag_code], rules.confidence_for_all, cast(1 as decimal(5, 4)))
            as confidence,
        rules.clauses,
        rules.inputs,
        rules.input_tags,
        rules.measured_from
    from customers
    cross join rules
),

-- With the values that its rule reads.
asked as (
    select
        customer_id,
        tag_code,
        tag_value,
        asked_on,
        since,
        confidence,
        clauses,
        inputs,
        measured_from,
        {{ map_from_lists('input_tags', each_of('input_tags', 'code', 'known_values[code]')) }} as known_inputs
    from known
),

judged as (
    {{ judged_rules('asked') }}
),

-- The clause before it says why one that compares no tag (otherwise) is reached.
decided as (
    select
        *,
        {{ last_of(those_of('judged_clauses', 'clause', is_before)) }} as clause_before,
        {{ size_of(known) }} as known_input_count
    from judged
),

-- The reasons there are; what a rule reads without what is no or nothing.
reasons as (
    select
        *,
        {{ joined_texts(each_of(held, 'one', comparison_shown()), "'；'") }} as why_held,
        {{ least_of(each_of(failed_before, 'one', comparison_shown())) }} as why_not_before,
        {{ joined_texts(each_of(those_of(known, 'input', is_something()), 'input', input_shown()), "'；'") }} as why_read
    from decided
),

portrait_reasons as (
    select
        customer_id,
        tag_code,
        tag_value,
        since,
        confidence,
        coalesce(
            case when is_told then coalesce(why_held, why_not_before) end,
            case when known_input_count > 0 then coalesce(why_read, '所读标签均为否或0') end,
            measured_from
        ) as why,
        asked_on as as_of_date
    from reasons
)

select * from portrait_reasons
