-- By which numbers of core and CRM each golden customer is known: to find a customer whom somebody names by one.
-- Accounts, cards, devices and identity numbers are not here.
with

-- Whose record the number is in the system that gave it: one customer a number.
of_records as (
    select
        case source_system when 'core' then 'core_customer' when 'crm' then 'crm_contact' end as id_type,
        source_key as id_value,
        customer_id
    from {{ ref('int_customer__identity') }}
    where source_system in ('core', 'crm')
),

-- Whoever a number stands for alone, as another system knows it.
known as (
    select
        id_type,
        id_value,
        customer_id
    from {{ ref('int_customer__id_mapping') }}
    where
        id_type in ('core_customer', 'crm_contact')
        and not is_shared
),

numbers as (
    select * from of_records
    union
    select * from known
),

customer_numbers as (
    select
        numbers.id_type,
        numbers.id_value,
        numbers.customer_id,
        of_records.customer_id is not null as is_of_record,
        known.customer_id is not null as is_unshared
    from numbers
    left join of_records
        on
            numbers.id_type = of_records.id_type
            and numbers.id_value = of_records.id_value
            and numbers.customer_id = of_records.customer_id
    left join known
        on
            numbers.id_type = known.id_type
            and numbers.id_value = known.id_value
            and numbers.customer_id = known.customer_id
    group by
        numbers.id_type,
        numbers.id_value,
        numbers.customer_id,
        of_records.customer_id,
        known.customer_id
)

select * from customer_numbers
