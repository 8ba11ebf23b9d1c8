-- What keeps a person from being contacted or from being offered something, whatever they consented to
-- (不得触达的情形): one row a customer, gate and contact channel, of those that stand on the business date;
-- the channel is ALL where it is every one.

with

ages as (
    select
        {{ parameter_value('guardian_age_below') }} as guardian_age_below,
        {{ parameter_value('adult_age_from') }} as adult_age_from
    from {{ ref('audience_policy') }}
),

persons as (
    select
        standing.customer_id,
        standing.is_relationship_ended,
        standing.is_deceased,
        standing.is_frozen_by_order,
        standing.is_staff,
        {{ age_years('profiles.birth_date', 'standing.as_of_date') }} as age
    from {{ ref('int_customer__standing') }} as standing
    left join {{ ref('int_customer__profile') }} as profiles on standing.customer_id = profiles.customer_id
),

-- The channels for which a guardian's consent stands.
guarded as (
    select
        customer_id,
        channel
    from {{ ref('int_customer__consents') }}
    where
        purpose = 'GUARDIAN'
        and is_standing
),

-- Of a child, the channels for which no guardian consented.
unguarded as (
    select
        persons.customer_id,
        channels.contact_channel as channel
    from persons
    cross join ages
    cross join {{ ref('contact_channels') }} as channels
    left join guarded
        on
            persons.customer_id = guarded.customer_id
            and channels.contact_channel = guarded.channel
    where
        persons.age < ages.guardian_age_below
        and guarded.customer_id is null
),

complaining as (
    select distinct customer_id
    from {{ ref('int_complaints__by_customer') }}
    where is_open
),

restrictions as (
    {% for gate, flag in [
        ('relationship_ended', 'is_relationship_ended'), ('deceased', 'is_deceased'),
        ('frozen_by_order', 'is_frozen_by_order'), ('staff', 'is_staff'),
    ] %}
        select
            customer_id,
            '{{ gate }}' as gate,
            'ALL' as channel
        from persons
        where {{ flag }}

        union all
    {% endfor %}

    select
        customer_id,
        'no_guardian_consent' as gate,
        channel
    from unguarded

    union all

    select
        customer_id,
        'age_unknown' as gate,
        'ALL' as channel
    from persons
    where age is null

    union all

    select
        persons.customer_id,
        'minor' as gate,
        'ALL' as channel
    from persons
    cross join ages
    where persons.age < ages.adult_age_from

    union all

    select
        customer_id,
        'open_complaint' as gate,
        'ALL' as channel
    from complaining
)

select * from restrictions
