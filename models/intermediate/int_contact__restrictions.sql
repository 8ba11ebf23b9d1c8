-- What keeps a person from being contacted or from being offered something, whatever they consented to
-- (不得触达的情形): one row a customer, gate and contact channel, of those that stand on the business date;
-- the channel is ALL where it is every one.

with

ages as (
    select
        max(case when parameter = 'guardian_age_below' then value end) as guardian_age_below,
        max(case when parameter = 'adult_age_from' then value end) as adult_age_from
    from {{ ref('audience_policy') }}
),

persons as (
    select
        spine.customer_id,
        spine.is_core_customer and (spine.status = 'CLOSED' or coalesce(spine.closed_date <= spine.as_of_date, false))
            as is_relationship_ended,
        {{ age_years('profiles.birth_date', 'spine.as_of_date') }} as age
    from {{ ref('int_customer__spine') }} as spine
    left join {{ ref('int_customer__profile') }} as profiles on spine.customer_id = profiles.customer_id
),

-- What core says of any of a person's customer numbers.
flagged as (
    select
        identities.customer_id,
        max(case when customers.deceased_date <= {{ as_of_date() }} then 1 else 0 end) = 1 as is_deceased,
        max(case when customers.is_frozen_by_order then 1 else 0 end) = 1 as is_frozen_by_order,
        max(case when customers.is_staff then 1 else 0 end) = 1 as is_staff
    from {{ ref('stg_core__customers') }} as customers
    inner join {{ ref('int_customer__identity') }} as identities
        on
            customers.customer_id = identities.source_key
            and identities.source_system = 'core'
    where
        customers.deceased_date is not null
        or customers.is_frozen_by_order
        or customers.is_staff
    group by identities.customer_id
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
    select distinct identities.customer_id
    from {{ ref('stg_crm__complaints') }} as complaints
    inner join {{ ref('int_customer__identity') }} as identities
        on
            complaints.contact_id = identities.source_key
            and identities.source_system = 'crm'
    where
        complaints.complained_date <= {{ as_of_date() }}
        and (complaints.resolved_date is null or complaints.resolved_date > {{ as_of_date() }})
),

restrictions as (
    select
        customer_id,
        'relationship_ended' as gate,
        'ALL' as channel
    from persons
    where is_relationship_ended

    {% for gate, flag in [
        ('deceased', 'is_deceased'), ('frozen_by_order', 'is_frozen_by_order'), ('staff', 'is_staff'),
    ] %}
        union all

        select
            customer_id,
            '{{ gate }}' as gate,
            'ALL' as channel
        from flagged
        where {{ flag }}
    {% endfor %}

    union all

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
