-- By which numbers of core and CRM each golden customer is known: to find a customer whom somebody names by one.
-- Accounts, cards, devices and identity numbers are not here.
with

numbers as (
    -- Whose record the number is in the system that gave it: one customer a number.
    select
        case source_system when 'core' then 'core_customer' when 'crm' then 'crm_contact' end as id_type,
        source_key as id_value,
        customer_id,
        true as is_of_record,
        false as is_unshared
    from {{ ref('int_customer__identity') }}
    where source_system in ('core', 'crm')

    union all

    -- Whoever a number stands for alone, as another system knows it.
    select
        id_type,
        id_value,
        customer_id,
        false as is_of_record,
        true as is_unshared
    from {{ ref('int_customer__id_mapping') }}
    where
        id_type in ('core_customer', 'crm_contact')
        and not is_shared
),

customer_numbers as (
    select
        id_type,
        id_value,
        customer_id,
        max(is_of_record) as is_of_record,
        max(is_unshared) as is_unshared
    from numbers
    group by id_type, id_value, customer_id
)

select * from customer_numbers
