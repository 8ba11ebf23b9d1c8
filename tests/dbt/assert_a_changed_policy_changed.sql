{{ printed_rows() }}

-- A change of a tag is put down to the policy where that has changed, and never of a customer who has left since the
-- date before.

with

changes as (
    select
        customer_id,
        tag_code,
        as_of_date
    from {{ ref('tag_changes') }}
    where
        as_of_date = {{ as_of_date() }}
        and change_type = 'policy_changed'
),

problems as (
    select
        changes.tag_code,
        case
            when policies.tag_code is null then 'no row of its seeds has begun or ended since the date before'
            else 'a customer who has left since the date before'
        end as problem,
        count(*) as customers
    from changes
    left join {{ ref('tag_policy_changes') }} as policies
        on changes.tag_code = policies.tag_code
    left join {{ ref('observed_dates') }} as observed_dates
        on changes.as_of_date = observed_dates.as_of_date
    left join {{ ref('int_customer__spine') }} as spine
        on changes.customer_id = spine.customer_id
    where
        policies.tag_code is null
        or spine.closed_date > observed_dates.previous_date
    group by
        changes.tag_code,
        case
            when policies.tag_code is null then 'no row of its seeds has begun or ended since the date before'
            else 'a customer who has left since the date before'
        end
)

select
    tag_code,
    problem,
    customers,
    'run the date again: banktags run' as remedy
from problems
order by tag_code, problem
