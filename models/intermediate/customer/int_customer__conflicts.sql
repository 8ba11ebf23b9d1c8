-- Where the records of the systems do not agree about who is who, and what was done about it.

with

records as (
    select
        records.*,
        identities.customer_id,
        records.source_system || ':' || records.source_key as record_key
    from {{ ref('int_customer__records') }} as records
    inner join {{ ref('int_customer__identity') }} as identities
        on
            records.source_system = identities.source_system
            and records.source_key = identities.source_key
),

-- One mobile, several persons.
shared_mobile as (
    select
        'shared_mobile' as conflict_type,
        mobile_hash as conflict_key,
        count(distinct customer_id) as customer_count,
        {{ record_keys() }} as record_keys,
        'kept apart: a mobile alone never merges' as resolution
    from records
    where mobile_hash is not null
    group by mobile_hash
    having count(distinct customer_id) > 1
),

by_mobile_name_birth as (
    select
        mobile_hash || ':' || name_hash || ':' || cast(birth_date as string) as conflict_key,
        count(distinct id_no_hash) as id_numbers,
        count(case when id_no_hash is null then 1 end) as records_without_id,
        count(distinct customer_id) as customer_count,
        {{ record_keys() }} as record_keys
    from records
    where
        mobile_hash is not null
        and name_hash is not null
        and birth_date is not null
    group by mobile_hash, name_hash, birth_date
    having count(distinct id_no_hash) > 1
),

-- The same mobile, name and birth date under different identity numbers.
same_person_different_id as (
    select
        'same_person_different_id' as conflict_type,
        conflict_key,
        customer_count,
        record_keys,
        'kept apart: two identity numbers are never merged' as resolution
    from by_mobile_name_birth
),

-- A record without identity number that could be either of them.
ambiguous_match as (
    select
        'ambiguous_match' as conflict_type,
        conflict_key,
        customer_count,
        record_keys,
        'kept apart: the record without identity number could be several persons' as resolution
    from by_mobile_name_birth
    where records_without_id > 0
),

by_customer as (
    select
        customer_id as conflict_key,
        1 as customer_count,
        count(case when source_system = 'core' then 1 end) as core_records,
        count(distinct birth_date) as birth_dates,
        count(distinct gender) as genders,
        count(distinct name_hash) as different_names,
        {{ record_keys() }} as record_keys
    from records
    group by customer_id
    having count(*) > 1
),

-- One person, several core customer numbers.
several_core_customers as (
    select
        'several_core_customers' as conflict_type,
        conflict_key,
        customer_count,
        record_keys,
        'merged under the customer number of longest standing' as resolution
    from by_customer
    where core_records > 1
),

-- Records of one person that contradict each other.
differing_birth_date as (
    select
        'differing_birth_date' as conflict_type,
        conflict_key,
        customer_count,
        record_keys,
        'merged; the value of the latest core record counts' as resolution
    from by_customer
    where birth_dates > 1
),

differing_gender as (
    select
        'differing_gender' as conflict_type,
        conflict_key,
        customer_count,
        record_keys,
        'merged; the value of the latest core record counts' as resolution
    from by_customer
    where genders > 1
),

differing_name as (
    select
        'differing_name' as conflict_type,
        conflict_key,
        customer_count,
        record_keys,
        'merged; the value of the latest core record counts' as resolution
    from by_customer
    where different_names > 1
),

-- One identity number, several persons: their names and birth dates both differ, or the number alone cannot tell.
shared_id_no as (
    select
        'shared_id_no' as conflict_type,
        id_no_hash as conflict_key,
        count(distinct customer_id) as customer_count,
        {{ record_keys() }} as record_keys,
        'kept apart: name and birth date both differ' as resolution
    from records
    where id_no_hash is not null
    group by id_no_hash
    having count(distinct customer_id) > 1
),

-- What more persons carry than seed identity_limits allows; the customers are those whom the records became.
carried_by_many as (
    select
        'carried_by_many' as conflict_type,
        id_type || ':' || id_value as conflict_key,
        person_count as customer_count,
        record_keys,
        'ignored: more persons carry it than seed identity_limits allows' as resolution
    from {{ ref('int_customer__unusable_identifiers') }}
    where reason = 'carried_by_many'
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

handed_on as (
    select id_value
    from held_numbers
    group by id_value
    having
        min(customer_id) <> max(customer_id)
        and count(distinct case when valid_to is null then customer_id end) <= 1
),

former_records as (
    select distinct
        held_numbers.id_value,
        held_numbers.customer_id,
        held_numbers.record_key
    from held_numbers
    inner join handed_on
        on held_numbers.id_value = handed_on.id_value
),

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

conflicts as (
    select * from shared_mobile
    union all
    select * from shared_id_no
    union all
    select * from carried_by_many
    union all
    select * from customer_number_other_id
    union all
    select * from unknown_customer_number
    union all
    select * from former_id_no
    union all
    select * from same_person_different_id
    union all
    select * from ambiguous_match
    union all
    select * from several_core_customers
    union all
    select * from differing_birth_date
    union all
    select * from differing_gender
    union all
    select * from differing_name
)

select * from conflicts
