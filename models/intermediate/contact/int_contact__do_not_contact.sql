-- The do-not-contact list as it stands on the business date, by person and by number (免打扰名单): one row an
-- entry, contact channel and whom it names. An entry whose channel or purpose is unknown means all of them.

with

entries as (
    select
        listed.entry_id,
        channels.contact_channel as channel,
        listed.contact_id,
        listed.customer_id,
        listed.mobile_hash,
        coalesce(listed.purpose, 'ALL') = 'ALL' as is_for_all_purposes
    from {{ ref('stg_crm__do_not_contact') }} as listed
    inner join {{ ref('contact_channels') }} as channels
        on coalesce(listed.channel, 'ALL') in (channels.contact_channel, 'ALL')
    where
        (listed.listed_from is null or listed.listed_from <= {{ as_of_date() }})
        and (listed.listed_until is null or listed.listed_until >= {{ as_of_date() }})
),

-- By which key of which system an entry names a person; it may name them in both.
named as (
    select
        *,
        'crm' as source_system,
        contact_id as source_key
    from entries
    union all
    select
        *,
        'core' as source_system,
        customer_id as source_key
    from entries
),

do_not_contact as (
    select
        named.entry_id,
        named.channel,
        identities.customer_id,
        cast(null as string) as mobile_hash,
        named.is_for_all_purposes
    from named
    inner join {{ ref('int_customer__identity') }} as identities
        on
            named.source_system = identities.source_system
            and named.source_key = identities.source_key

    union distinct

    select
        entry_id,
        channel,
        cast(null as string) as customer_id,
        mobile_hash,
        is_for_all_purposes
    from entries
    where mobile_hash is not null
)

select * from do_not_contact
