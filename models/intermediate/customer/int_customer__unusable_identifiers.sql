-- Identifiers that identify nobody: what is filled in where a value is missing, and what more persons carry than
-- seed identity_limits allows (DECISIONS 79). Values are keyed hashes, as in the records; a customer number is itself.
{% set longest = 32 %}

with

lengths as (
    {% for length in range(1, longest + 1) %}
        select {{ length }} as characters
        {{ 'union all' if not loop.last }}
    {% endfor %}
),

-- Every value that a row of the seed stands for. A seed cannot hold the word NULL; nothing at all can be hashed too.
placeholder_values as (
    select
        id_type,
        value as written
    from {{ ref('identity_placeholders') }}
    where kind = 'exact'

    union all

    select
        placeholders.id_type,
        substr(repeat(placeholders.value, {{ longest }}), 1, lengths.characters) as written
    from {{ ref('identity_placeholders') }} as placeholders
    cross join lengths
    where placeholders.kind = 'repeated'

    union all

    select
        placeholders.id_type,
        substr(placeholders.value, 1, lengths.characters) as written
    from {{ ref('identity_placeholders') }} as placeholders
    inner join lengths
        on lengths.characters between 4 and length(placeholders.value)
    where placeholders.kind = 'beginning'

    union all

    select
        'id_no' as id_type,
        '' as written

    union all

    select distinct
        id_type,
        'NULL' as written
    from {{ ref('identity_placeholders') }}
),

written_values as (
    select
        id_type,
        upper(written) as written
    from placeholder_values
    union all
    select
        id_type,
        lower(written) as written
    from placeholder_values
),

placeholders as (
    select distinct
        id_type,
        case id_type
            when 'id_no' then {{ keyed_hash(sha256_hex('written')) }}
            when 'core_customer' then written
            else {{ keyed_hash('written') }}
        end as id_value
    from written_values
),

records as (
    select
        'core:' || customer_id as record_key,
        name_hash,
        birth_date,
        id_no_hash,
        mobile_hash,
        cast(null as string) as core_customer_id
    from {{ ref('stg_core__customers') }}

    union all

    select
        'crm:' || contact_id as record_key,
        name_hash,
        birth_date,
        id_no_hash,
        mobile_hash,
        customer_id as core_customer_id
    from {{ ref('stg_crm__contacts') }}
),

-- The identifiers of each record, and as which person it describes who has them.
carried as (
    {% for id_type, column in [
        ('id_no', 'id_no_hash'), ('mobile', 'mobile_hash'), ('core_customer', 'core_customer_id'),
    ] %}
        select
            '{{ id_type }}' as id_type,
            {{ column }} as id_value,
            coalesce(
                name_hash || cast(birth_date as string), name_hash, cast(birth_date as string), record_key
            ) as person,
            record_key
        from records
        where {{ column }} is not null
        {{ 'union all' if not loop.last }}
    {% endfor %}
),

-- Few identifiers come often enough to be asked by how many persons.
frequent as (
    select
        carried.id_type,
        carried.id_value,
        limits.persons_max
    from carried
    inner join {{ ref('identity_limits') }} as limits
        on carried.id_type = limits.id_type
    group by carried.id_type, carried.id_value, limits.persons_max
    having count(*) > limits.persons_max
),

carried_by_many as (
    select
        carried.id_type,
        carried.id_value,
        count(distinct carried.person) as person_count,
        {{ record_keys() }} as record_keys
    from carried
    inner join frequent
        on
            carried.id_type = frequent.id_type
            and carried.id_value = frequent.id_value
    group by carried.id_type, carried.id_value, frequent.persons_max
    having count(distinct carried.person) > frequent.persons_max
),

unusable_identifiers as (
    select
        id_type,
        id_value,
        'placeholder' as reason,
        cast(null as bigint) as person_count,
        cast(null as string) as record_keys
    from placeholders

    union all

    select
        many.id_type,
        many.id_value,
        'carried_by_many' as reason,
        many.person_count,
        many.record_keys
    from carried_by_many as many
    left join placeholders
        on
            many.id_type = placeholders.id_type
            and many.id_value = placeholders.id_value
    where placeholders.id_value is null
)

select * from unusable_identifiers
