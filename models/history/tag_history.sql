-- Which value of a tracked tag stood from when to when: a customer, tag and covered date finds one row, or none where
-- the value was unknown (DECISIONS 55).

{{ config(materialized='view') }}

with

-- What stood until a change. A customer who was new, or had gone, had nothing that could stand.
ended as (
    select
        customer_id,
        tag_code,
        old_value as tag_value,
        lag(as_of_date) over (partition by customer_id, tag_code order by as_of_date) as changed_from,
        as_of_date as valid_to,
        change_type
    from {{ ref('tag_changes') }}
),

last_observed as (
    select max(as_of_date) as as_of_date
    from {{ ref('observed_dates') }}
),

standing_values as (
    {{ unpivot_tags(ref('tag_state'), ['customer_id', 'as_of_date']) }}
),

last_changes as (
    select
        customer_id,
        tag_code,
        max(as_of_date) as changed_from
    from {{ ref('tag_changes') }}
    group by customer_id, tag_code
),

standing as (
    select
        standing_values.customer_id,
        standing_values.tag_code,
        standing_values.tag_value,
        last_changes.changed_from,
        cast(null as date) as valid_to
    from standing_values
    inner join last_observed on standing_values.as_of_date = last_observed.as_of_date
    left join last_changes
        on
            standing_values.customer_id = last_changes.customer_id
            and standing_values.tag_code = last_changes.tag_code
),

stretches as (
    select
        customer_id,
        tag_code,
        tag_value,
        changed_from,
        valid_to
    from ended
    where change_type <> 'first_observed'

    union all

    select *
    from standing
),

tracked as (
    select
        tag_code,
        min(as_of_date) as tracked_from
    from {{ ref('tag_versions') }}
    group by tag_code
),

tag_history as (
    select
        stretches.customer_id,
        stretches.tag_code,
        stretches.tag_value,
        coalesce(stretches.changed_from, tracked.tracked_from) as valid_from,
        stretches.valid_to
    from stretches
    inner join tracked on stretches.tag_code = tracked.tag_code
    where stretches.tag_value is not null
)

select * from tag_history
