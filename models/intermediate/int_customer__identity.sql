-- Which person each record is about. Rules in order: the same identity number is the same person; a record without a
-- usable one belongs where its mobile, name and birth date together lead, if they lead to one person only. A mobile
-- alone never merges (families share one), and two identity numbers are never merged.

with

records as (
    select * from {{ ref('int_customer__records') }}
),

-- How many different identity numbers share a mobile, name and birth date, and which one it is when it is one.
persons_by_mobile_name_birth as (
    select
        mobile_hash,
        name_hash,
        birth_date,
        count(distinct id_no_hash) as id_numbers,
        min(id_no_hash) as id_no_hash
    from records
    where
        mobile_hash is not null
        and name_hash is not null
        and birth_date is not null
    group by mobile_hash, name_hash, birth_date
),

grouped as (
    select
        records.*,
        case
            -- Rule id_hash: the same identity number.
            when records.id_no_hash is not null then 'id:' || records.id_no_hash
            -- Rule mobile_name_birth: the one identity number they lead to …
            when persons.id_numbers = 1 then 'id:' || persons.id_no_hash
            -- … or, where no record has one, each other.
            when persons.id_numbers = 0
                then 'person:' || records.mobile_hash || records.name_hash || cast(records.birth_date as string)
            -- They lead to several persons, or one of the three is missing: a person of its own.
            else 'record:' || records.source_system || ':' || records.source_key
        end as person_key
    from records
    left join persons_by_mobile_name_birth as persons
        on
            records.mobile_hash = persons.mobile_hash
            and records.name_hash = persons.name_hash
            and records.birth_date = persons.birth_date
),

-- The record that names the person: the core customer of longest standing, else the earliest contact.
named as (
    select
        *,
        first_value(source_system) over person as naming_system,
        first_value(source_key) over person as naming_key,
        first_value(id_no_hash) over person as naming_id_no_hash
    from grouped
    window
        person as (
            partition by person_key
            order by case source_system when 'core' then 0 else 1 end, since_date, source_key
            rows between unbounded preceding and unbounded following
        )
),

matched as (
    select
        source_system,
        source_key,
        case naming_system when 'core' then naming_key else 'crm:' || naming_key end as customer_id,
        case
            when source_system = naming_system and source_key = naming_key then 'self'
            when id_no_hash = naming_id_no_hash then 'id_hash'
            else 'mobile_name_birth'
        end as match_rule,
        known_from
    from named
),

identity as (
    select
        matched.source_system,
        matched.source_key,
        matched.customer_id,
        matched.match_rule,
        rules.confidence,
        matched.known_from
    from matched
    inner join {{ ref('identity_rules') }} as rules on matched.match_rule = rules.match_rule
)

select * from identity
