-- How a new customer came into contact with the bank after opening: 首面.

with

onboarding as (
    select
        spine.customer_id,
        spine.as_of_date,
        contacts.contact_date as first_contact_date,
        contacts.contact_type as first_contact_type,
        cast(
            {{ dbt.datediff('contacts.opened_date', 'contacts.contact_date', 'day') }}
            as int
        ) as first_contact_days
    from {{ ref('int_customer__spine') }} as spine
    left join {{ ref('int_customer__first_contact') }} as contacts
        on spine.customer_id = contacts.customer_id
)

select * from onboarding
