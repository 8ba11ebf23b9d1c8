-- Where the records of the systems do not agree about who is who, and what was done about it.

with

-- Each record with the person that it became.
records as (
    {{ records_of_persons() }}
),

-- Records that agree in mobile, name and birth date, and have more than one identity number.
by_mobile_name_birth as (
    select
        mobile_hash || ':' || name_hash || ':' || cast(birth_date as string) as conflict_key,
        count(case when id_no_hash is null then 1 end) as records_without_id,
        count(distinct customer_id) as customer_count,
        {{ record_keys() }} as record_keys
    from records
    where mobile_hash is not null and name_hash is not null and birth_date is not null
    group by mobile_hash, name_hash, birth_date
    having count(distinct id_no_hash) > 1
),

-- Persons of more than one record.
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

-- The facts that a person has one of, and their records several.
differing as (
    {% for fact, found in [('birth_date', 'birth_dates'), ('gender', 'genders'), ('name', 'different_names')] %}
        select
            'differing_{{ fact }}' as conflict_type,
            *
        from by_customer
        where {{ found }} > 1
        {{ 'union all' if not loop.last }}
    {% endfor %}
),

conflicts as (
    -- One mobile, several persons.
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

    union all

    -- One identity number, several persons: their names and birth dates both differ, or the number alone cannot tell.
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

    union all

    -- A number that several carry, or that points at somebody else.
    select
        conflict_type,
        conflict_key,
        customer_count,
        record_keys,
        resolution
    from {{ ref('int_customer__number_conflicts') }}

    union all

    -- The same mobile, name and birth date under different identity numbers.
    select
        'same_person_different_id' as conflict_type,
        conflict_key,
        customer_count,
        record_keys,
        'kept apart: two identity numbers are never merged' as resolution
    from by_mobile_name_birth

    union all

    -- A record without identity number that could be either of them.
    select
        'ambiguous_match' as conflict_type,
        conflict_key,
        customer_count,
        record_keys,
        'kept apart: the record without identity number could be several persons' as resolution
    from by_mobile_name_birth
    where records_without_id > 0

    union all

    -- One person, several core customer numbers.
    select
        'several_core_customers' as conflict_type,
        conflict_key,
        customer_count,
        record_keys,
        'merged under the customer number of longest standing' as resolution
    from by_customer
    where core_records > 1

    union all

    -- Records of one person that contradict each other.
    select
        conflict_type,
        conflict_key,
        customer_count,
        record_keys,
        'merged; the value of the latest core record counts' as resolution
    from differing
)

select * from conflicts
