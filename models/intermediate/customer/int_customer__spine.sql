-- Every person known as of the business date, exactly once: the customers that each tag model covers.

with

-- A condition on the system in the join below would cost DuckDB the hash join: each record against each customer.
identities as (
    select
        customer_id,
        case source_system when 'core' then source_key end as core_customer_id,
        known_from
    from {{ ref('int_customer__identity') }}
),

-- A person with several core customer numbers is a customer while any of them is open.
spine as (
    select
        identities.customer_id,
        count(customers.customer_id) > 0 as is_core_customer,
        case
            when count(customers.customer_id) = 0 then 'PROSPECT'
            when count(case when customers.status = 'ACTIVE' then 1 end) > 0 then 'ACTIVE'
            else 'CLOSED'
        end as status,
        min(customers.opened_date) as opened_date,
        case
            when count(case when customers.status = 'ACTIVE' then 1 end) = 0 then max(customers.closed_date)
        end as closed_date,
        min(identities.known_from) as first_known_date,
        {{ as_of_date() }} as as_of_date
    from identities
    left join {{ ref('stg_core__customers') }} as customers
        on identities.core_customer_id = customers.customer_id
    group by identities.customer_id
)

select * from spine
