-- How each person stands with the bank where it bears on what may be offered to them: one row a customer. To former
-- customers, to the dead, and to whom a court or an authority has frozen, nothing is offered or sold (DECISIONS 88).
with

-- What core says of any of a person's customer numbers.
flags as (
    select
        identities.customer_id,
        max(case when customers.deceased_date <= {{ as_of_date() }} then 1 else 0 end) = 1 as is_deceased,
        max(case when customers.is_frozen_by_order then 1 else 0 end) = 1 as is_frozen_by_order,
        max(case when customers.is_staff then 1 else 0 end) = 1 as is_staff
    from {{ ref('stg_core__customers') }} as customers
    inner join {{ ref('int_customer__identity') }} as identities
        on
            customers.customer_id = identities.source_key
            and identities.source_system = 'core'
    where
        customers.deceased_date is not null
        or customers.is_frozen_by_order
        or customers.is_staff
    group by identities.customer_id
),

standing as (
    select
        spine.customer_id,
        spine.is_core_customer and (spine.status = 'CLOSED' or coalesce(spine.closed_date <= spine.as_of_date, false))
            as is_relationship_ended,
        coalesce(flags.is_deceased, false) as is_deceased,
        coalesce(flags.is_frozen_by_order, false) as is_frozen_by_order,
        coalesce(flags.is_staff, false) as is_staff,
        spine.as_of_date
    from {{ ref('int_customer__spine') }} as spine
    left join flags
        on spine.customer_id = flags.customer_id
),

customer_standing as (
    select
        *,
        not is_relationship_ended
        and not is_deceased
        and not is_frozen_by_order as is_open_to_offers
    from standing
)

select * from customer_standing
