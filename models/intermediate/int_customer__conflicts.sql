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
        'merged by identity number; the value of the latest core record counts' as resolution
    from by_customer
    where birth_dates > 1
),

differing_gender as (
    select
        'differing_gender' as conflict_type,
        conflict_key,
        customer_count,
        record_keys,
        'merged by identity number; the value of the latest core record counts' as resolution
    from by_customer
    where genders > 1
),

differing_name as (
    select
        'differing_name' as conflict_type,
        conflict_key,
        customer_count,
        record_keys,
        'merged by identity number; the value of the latest core record counts' as resolution
    from by_customer
    where different_names > 1
),

conflicts as (
    select * from shared_mobile
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
