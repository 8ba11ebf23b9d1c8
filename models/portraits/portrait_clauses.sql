-- What the rule of each tag with clauses says of a customer today (今日规则判定): one row a customer, tag, clause and
-- comparison, with whether it holds and which clause decides. Also of tags whose value is unknown. Filter by
-- customer_id.

{{ config(materialized='view') }}

with

boundaries as (
    select * from {{ ref('tag_boundary_versions') }}
),

rules as (
    {{ clauses_as_lists('boundaries') }}
),

-- The values of all tags of a customer, as a map.
customers as (
    {{ tags_as_map(ref('customer_tags'), ['customer_id', 'as_of_date']) }}
),

-- Each customer beside each rule with clauses.
asked as (
    select
        customers.customer_id,
        rules.tag_code,
        customers.as_of_date,
        customers.as_of_date as asked_on,
        customers.known_values[rules.tag_code] as tag_value,
        customers.known_values as known_inputs,
        rules.clauses
    from customers
    cross join rules
),

judged as (
    {{ judged_rules('asked') }}
),

portrait_clauses as (
    {{ clauses_as_rows('judged', ['customer_id', 'tag_code', 'as_of_date']) }}
)

select * from portrait_clauses
