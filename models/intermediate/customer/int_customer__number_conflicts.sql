-- Numbers that more persons carry than may, or that point at somebody else, and what was done about it.

with

-- Each record with the person that it became.
records as (
    {{ records_of_persons() }}
),

-- A contact under a customer number whose own identity number is another one than the customer's.
contacts_under_numbers as (
    select
        contacts.customer_id,
        contacts.core_customer_id,
        contacts.record_key,
        core_records.source_key as core_number,
        core_records.record_key as core_record_key,
        coalesce(contacts.id_no_hash <> core_records.id_no_hash, false) as has_other_id_no
    from records as contacts
    left join records as core_records
        on
            contacts.core_customer_id = core_records.source_key
            and core_records.source_system = 'core'
    where contacts.core_customer_id is not null
),

-- Of each customer number the contacts with another identity number.
customer_number_other_id as (
    select
        'customer_number_other_id' as conflict_type,
        core_number as conflict_key,
        1 as customer_count,
        {{ record_keys() }} as record_keys,
        'merged by customer number: the identity number of core counts' as resolution
    from contacts_under_numbers
    where has_other_id_no
    group by core_number
),

-- A contact under a customer number that core does not know.
unknown_customer_number as (
    select
        'unknown_customer_number' as conflict_type,
        core_customer_id as conflict_key,
        count(distinct customer_id) as customer_count,
        {{ record_keys() }} as record_keys,
        'ignored: core has no such customer; the other rules decide' as resolution
    from contacts_under_numbers
    where core_number is null
    group by core_customer_id
),

-- Identity numbers that stood for another customer before, as a correction leaves them.
held_numbers as (
    select
        held.id_value,
        held.valid_to,
        identities.customer_id,
        held.source_system || ':' || held.source_key as record_key
    from {{ ref('int_customer__held_identifiers') }} as held
    inner join {{ ref('int_customer__identity') }} as identities
        on
            held.source_system = identities.source_system
            and held.source_key = identities.source_key
    where held.id_type = 'id_no'
),

-- Those that have stood for more than one customer, and stand for one at most today.
handed_on as (
    select id_value
    from held_numbers
    group by id_value
    having
        min(customer_id) <> max(customer_id)
        and count(distinct case when valid_to is null then customer_id end) <= 1
),

-- The records that have, or had, such a number.
former_records as (
    select distinct
        held_numbers.id_value,
        held_numbers.customer_id,
        held_numbers.record_key
    from held_numbers
    inner join handed_on
        on held_numbers.id_value = handed_on.id_value
),

-- Each such number with the customers it has stood for.
former_id_no as (
    select
        'former_id_no' as conflict_type,
        id_value as conflict_key,
        count(distinct customer_id) as customer_count,
        {{ record_keys() }} as record_keys,
        'kept as history: the number stands for who has it today' as resolution
    from former_records
    group by id_value
),

number_conflicts as (
    -- What more persons carry than seed identity_limits allows; the customers are those whom the records became.
    select
        'carried_by_many' as conflict_type,
        id_type || ':' || id_value as conflict_key,
        person_count as customer_count,
        record_keys,
        'ignored: more persons carry it than seed identity_limits allows' as resolution
    from {{ ref('int_customer__unusable_identifiers') }}
    where reason = 'carried_by_many'

    union all

    select * from customer_number_other_id
    union all
    select * from unknown_customer_number
    union all
    select * from former_id_no
)

select * from number_conflicts
