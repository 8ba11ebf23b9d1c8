-- Whom an identity number stands for: one row per record that has one. Records with the same number are one person,
-- unless they say that they are not: two records whose name and birth date both differ are two persons.
{% set rounds = 4 %}

with

numbers as (
    select
        source_system,
        source_key,
        id_no_hash,
        name_hash,
        birth_date
    from {{ ref('int_customer__records') }}
    where id_no_hash is not null
),

-- Numbers under which both more than one name and more than one birth date stand; they are few.
contested as (
    select id_no_hash
    from numbers
    where name_hash is not null and birth_date is not null
    group by id_no_hash
    having min(name_hash) <> max(name_hash) and min(birth_date) <> max(birth_date)
),

-- The persons that a contested number is said to be of.
described as (
    select distinct
        numbers.id_no_hash,
        numbers.name_hash,
        numbers.birth_date,
        numbers.name_hash || cast(numbers.birth_date as string) as person
    from numbers
    inner join contested
        on numbers.id_no_hash = contested.id_no_hash
    where numbers.name_hash is not null and numbers.birth_date is not null
),

-- Who shares a name is one, and who shares a birth date is: each round joins what the one before has brought
-- together. A usable number has few descriptions (seed identity_limits), so a few rounds join all that hangs
-- together.
{% for round in range(rounds) %}
    same_name_{{ loop.index }} as (
        select
            id_no_hash,
            name_hash,
            birth_date,
            min(person) over (partition by id_no_hash, name_hash) as person
        from {{ 'described' if loop.first else 'same_birth_date_' ~ loop.index0 }}
    ),

    same_birth_date_{{ loop.index }} as (
        select
            id_no_hash,
            name_hash,
            birth_date,
            min(person) over (partition by id_no_hash, birth_date) as person
        from same_name_{{ loop.index }}
    ),

{% endfor %}
by_name as (
    select distinct
        id_no_hash,
        name_hash,
        person
    from same_birth_date_{{ rounds }}
),

by_birth_date as (
    select distinct
        id_no_hash,
        birth_date,
        person
    from same_birth_date_{{ rounds }}
),

only_person as (
    select
        id_no_hash,
        min(person) as person
    from same_birth_date_{{ rounds }}
    group by id_no_hash
    having count(distinct person) = 1
),

-- A record without name or birth date belongs to whom the other leads, or to the only person; else to nobody.
number_holders as (
    select
        numbers.source_system,
        numbers.source_key,
        numbers.id_no_hash,
        case
            when contested.id_no_hash is null then 'id:' || numbers.id_no_hash
            else
                'id:' || numbers.id_no_hash || ':'
                || coalesce(by_name.person, by_birth_date.person, only_person.person)
        end as holder_key
    from numbers
    left join contested
        on numbers.id_no_hash = contested.id_no_hash
    left join by_name
        on
            numbers.id_no_hash = by_name.id_no_hash
            and numbers.name_hash = by_name.name_hash
    left join by_birth_date
        on
            numbers.id_no_hash = by_birth_date.id_no_hash
            and numbers.birth_date = by_birth_date.birth_date
    left join only_person
        on numbers.id_no_hash = only_person.id_no_hash
)

select * from number_holders
