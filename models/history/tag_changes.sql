-- Each change of a tracked tag of a customer from one observed date to the next, with what its rule read before and
-- after.
--
-- Compares two generations of tag_state: the cost of a date follows the customers, not the length of history. What has
-- not changed leaves no row, so the table grows by changes, not by days.

{{ config(materialized='incremental', pre_hook="{{ forget_date() }}") }}

-- depends_on: {{ ref('tag_rule_inputs') }}

{% set tags = tracked_tags() %}

with

today as (
    select *
    from {{ ref('tag_state') }}
    where as_of_date = {{ as_of_date() }}
),

before as (
    select *
    from {{ ref('tag_state') }}
    where as_of_date < {{ as_of_date() }}
),

-- A tag that was not tracked before has nothing to be compared with. Nor has anything on the first date of all.
comparable as (
    select tag_code
    from {{ ref('tag_versions') }}
    where {{ moves_history() }}
    group by tag_code
    having min(as_of_date) < {{ as_of_date() }}
),

-- Who has left since the observed date before: it is they who moved, whatever the policy did.
leavers as (
    select spine.customer_id
    from {{ ref('int_customer__spine') }} as spine
    inner join {{ ref('observed_dates') }} as observed_dates
        on
            observed_dates.as_of_date = {{ as_of_date() }}
            and spine.closed_date > observed_dates.previous_date
    where spine.status = 'CLOSED'
),

differences as (
    select
        coalesce(today.customer_id, before.customer_id) as customer_id,
        {{ unfold(differing_tags(tags, 'before', 'today')) }} as tag_code
    from today
    full join before on today.customer_id = before.customer_id
),

compared as (
    select
        differences.customer_id,
        differences.tag_code,
        {{ value_by_tag(tags, 'before') }} as old_value,
        {{ value_by_tag(tags, 'today') }} as new_value,
        {{ inputs_by_tag(tags, 'before') }} as inputs_before,
        {{ inputs_by_tag(tags, 'today') }} as inputs_after,
        before.customer_id is null as is_new_customer,
        today.customer_id is null as is_gone_customer
    from differences
    inner join comparable on differences.tag_code = comparable.tag_code
    left join today on differences.customer_id = today.customer_id
    left join before on differences.customer_id = before.customer_id
),

tag_changes as (
    select
        compared.customer_id,
        compared.tag_code,
        {{ as_of_date() }} as as_of_date,
        compared.old_value,
        compared.new_value,
        case
            when compared.is_new_customer then 'first_observed'
            when compared.is_gone_customer then 'gone'
            when versions.tag_code is not null then 'definition_changed'
            when
                compared.inputs_before = compared.inputs_after
                and policies.tag_code is not null
                and leavers.customer_id is null
                then 'policy_changed'
            else 'moved'
        end as change_type,
        compared.inputs_before,
        compared.inputs_after
    from compared
    left join {{ ref('tag_versions') }} as versions
        on
            compared.tag_code = versions.tag_code
            and versions.as_of_date = {{ as_of_date() }}
    left join {{ ref('tag_policy_changes') }} as policies
        on compared.tag_code = policies.tag_code
    left join leavers
        on compared.customer_id = leavers.customer_id
)

select * from tag_changes
