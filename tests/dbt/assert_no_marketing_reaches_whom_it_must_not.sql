{{ printed_rows(columns=['relation', 'channel', 'problem', 'remedy']) }}

-- No relation that a channel, a manager or an export reads reaches anybody by marketing who must not be reached:
-- who has refused or never consented, who shares a number that refused, controls, the hold-out, children, minors
-- where it is an investment, a card or a loan, and whom a gate of seed contact_gates closes. Told from what the
-- systems delivered and the lists that were frozen, and not from contact_permissions or what it is made of.

with

-- Who is reached by marketing, by every relation that says so.
reached as (
    select
        'audience_members' as relation,
        customer_id,
        channel,
        address_token,
        product_id
    from {{ ref('audience_members') }}
    where
        purpose = 'marketing'
        and channel is not null
    union all
    select
        'audience_activation' as relation,
        told.customer_id,
        told.channel,
        told.address_token,
        audiences.product_id
    from {{ ref('audience_activation') }} as told
    inner join {{ ref('audiences') }} as audiences
        on
            told.audience = audiences.audience
            and audiences.purpose = 'marketing'
    where told.instruction = 'add'
    union all
    select
        'audience_call_list' as relation,
        customer_id,
        channel,
        cast(null as string) as address_token,
        product_id
    from {{ ref('audience_call_list') }}
    union all
    select
        'customer_wave_plan' as relation,
        customer_id,
        channel,
        cast(null as string) as address_token,
        cast(null as string) as product_id
    from {{ ref('customer_wave_plan') }}
    where is_marketing_contactable
    union all
    select
        'tier_tasks' as relation,
        offers.customer_id,
        channels.contact_channel as channel,
        cast(null as string) as address_token,
        cast(null as string) as product_id
    from {{ ref('tier_tasks') }} as offers
    inner join {{ ref('contact_channels') }} as channels
        on ',' || offers.open_channels || ',' like '%,' || channels.contact_channel || ',%'
),

-- The delivered records of each person.
core_records as (
    select
        identities.customer_id,
        customers.customer_id as core_customer_id,
        customers.mobile_hash,
        customers.deceased_date,
        customers.is_frozen_by_order,
        customers.is_staff
    from {{ ref('stg_core__customers') }} as customers
    inner join {{ ref('int_customer__identity') }} as identities
        on
            customers.customer_id = identities.source_key
            and identities.source_system = 'core'
),

crm_records as (
    select
        identities.customer_id,
        contacts.contact_id,
        contacts.mobile_hash
    from {{ ref('stg_crm__contacts') }} as contacts
    inner join {{ ref('int_customer__identity') }} as identities
        on
            contacts.contact_id = identities.source_key
            and identities.source_system = 'crm'
),

mobiles as (
    select
        customer_id,
        mobile_hash
    from core_records
    union distinct
    select
        customer_id,
        mobile_hash
    from crm_records
),

-- Each consent to marketing that was not itself withdrawn, and each refusal, by channel.
given as (
    select
        crm_records.customer_id,
        channels.contact_channel as channel,
        max(consents.given_at) as given_at
    from {{ ref('stg_crm__consents') }} as consents
    inner join crm_records on consents.contact_id = crm_records.contact_id
    inner join {{ ref('contact_channels') }} as channels on consents.channel in (channels.contact_channel, 'ALL')
    where
        consents.purpose = 'MARKETING'
        and cast(consents.given_at as date) <= {{ as_of_date() }}
        and (consents.withdrawn_at is null or cast(consents.withdrawn_at as date) > {{ as_of_date() }})
    group by crm_records.customer_id, channels.contact_channel
),

withdrawn as (
    select
        crm_records.customer_id,
        channels.contact_channel as channel,
        consents.withdrawn_at as refused_at
    from {{ ref('stg_crm__consents') }} as consents
    inner join crm_records on consents.contact_id = crm_records.contact_id
    inner join {{ ref('contact_channels') }} as channels on consents.channel in (channels.contact_channel, 'ALL')
    where
        consents.purpose = 'MARKETING'
        and cast(consents.withdrawn_at as date) <= {{ as_of_date() }}
),

unsubscribed as (
    select
        core_records.customer_id,
        touches.channel,
        coalesce(touches.touch_at, cast(touches.touch_date as timestamp)) as refused_at
    from {{ ref('stg_marketing__touches') }} as touches
    inner join core_records on touches.customer_id = core_records.core_customer_id
    where touches.touch_status in ('unsubscribed', 'refused')
),

refusals as (
    select
        said.customer_id,
        said.channel
    from (
        select * from withdrawn
        union all
        select * from unsubscribed
    ) as said
    left join given
        on
            said.customer_id = given.customer_id
            and said.channel = given.channel
            and said.refused_at < given.given_at
    where given.customer_id is null
),

entries as (
    select
        entry_id,
        contact_id,
        customer_id,
        mobile_hash,
        coalesce(channel, 'ALL') as channel
    from {{ ref('stg_crm__do_not_contact') }}
    where
        coalesce(listed_from, {{ as_of_date() }}) <= {{ as_of_date() }}
        and coalesce(listed_until, {{ as_of_date() }}) >= {{ as_of_date() }}
),

-- Persons and numbers of the do-not-contact list and of refusals.
barred_persons as (
    select
        customer_id,
        channel,
        'has refused' as problem
    from refusals
    union all
    select
        crm_records.customer_id,
        entries.channel,
        'is in the do-not-contact list' as problem
    from entries
    inner join crm_records on entries.contact_id = crm_records.contact_id
    union all
    select
        core_records.customer_id,
        entries.channel,
        'is in the do-not-contact list' as problem
    from entries
    inner join core_records on entries.customer_id = core_records.core_customer_id
),

barred_numbers as (
    select
        mobiles.mobile_hash,
        barred_persons.channel
    from barred_persons
    inner join mobiles on barred_persons.customer_id = mobiles.customer_id
    where mobiles.mobile_hash is not null
    union all
    select
        mobile_hash,
        channel
    from entries
    where mobile_hash is not null
),

campaigns as (
    select campaign_id
    from {{ ref('stg_marketing__campaigns') }}
    where end_date < {{ as_of_date() }}
),

controls as (
    select
        core_records.customer_id,
        assignments.campaign_id
    from {{ ref('stg_marketing__assignments') }} as assignments
    inner join core_records on assignments.customer_id = core_records.core_customer_id
    where assignments.arm = 'CONTROL'
    union all
    select
        coalesce(core_records.customer_id, lists.customer_id) as customer_id,
        lists.campaign_id
    from {{ ref('frozen_lists') }} as lists
    left join core_records on lists.customer_id = core_records.core_customer_id
    where
        lists.arm = 'CONTROL'
        and lists.frozen_date <= {{ as_of_date() }}
),

ages as (
    select
        profiles.customer_id,
        {{ age_years('profiles.birth_date', as_of_date()) }} as age
    from {{ ref('int_customer__profile') }} as profiles
),

guarded as (
    select
        crm_records.customer_id,
        consents.channel
    from {{ ref('stg_crm__consents') }} as consents
    inner join crm_records on consents.contact_id = crm_records.contact_id
    where
        consents.purpose = 'GUARDIAN'
        and consents.withdrawn_at is null
),

-- Gates that are told of the person.
gated_persons as (
    select
        customer_id,
        'deceased' as gate
    from core_records
    where deceased_date <= {{ as_of_date() }}
    union all
    select
        customer_id,
        'frozen_by_order' as gate
    from core_records
    where is_frozen_by_order
    union all
    select
        customer_id,
        'staff' as gate
    from core_records
    where is_staff
    union all
    select
        customer_id,
        'age_unknown' as gate
    from ages
    where age is null
    union all
    select
        crm_records.customer_id,
        'open_complaint' as gate
    from {{ ref('stg_crm__complaints') }} as complaints
    inner join crm_records on complaints.contact_id = crm_records.contact_id
    where
        complaints.complained_date <= {{ as_of_date() }}
        and coalesce(complaints.resolved_date, {{ next_day() }}) > {{ as_of_date() }}
    union all
    select
        customer_id,
        'relationship_ended' as gate
    from {{ ref('fact_tags__demographics') }}
    where relationship_status = 'closed'
),

-- The gates that the bank's policy keeps for marketing.
kept as (
    select distinct gate
    from {{ ref('contact_gates') }}
    where
        purpose = 'marketing'
        and is_in_force
),

-- Who is reached though they must not be, with why.
wrong as (
    select
        reached.relation,
        reached.customer_id,
        reached.channel,
        'did not consent to the channel' as problem
    from reached
    left join given
        on
            reached.customer_id = given.customer_id
            and reached.channel = given.channel
    where given.customer_id is null

    union all

    select
        reached.relation,
        reached.customer_id,
        reached.channel,
        barred_persons.problem
    from reached
    inner join barred_persons
        on
            reached.customer_id = barred_persons.customer_id
            and barred_persons.channel in (reached.channel, 'ALL', 'BRANCH')

    union all

    select
        reached.relation,
        reached.customer_id,
        reached.channel,
        'is reached at a number that refused' as problem
    from reached
    left join {{ ref('int_customer__profile') }} as profiles on reached.customer_id = profiles.customer_id
    inner join barred_numbers
        on
            coalesce(reached.address_token, profiles.mobile_hash) = barred_numbers.mobile_hash
            and barred_numbers.channel in (reached.channel, 'ALL', 'BRANCH')
    where reached.channel in ('SMS', 'PHONE')

    union all

    select
        reached.relation,
        reached.customer_id,
        reached.channel,
        'is a control of a running campaign' as problem
    from reached
    inner join controls on reached.customer_id = controls.customer_id
    left join campaigns on controls.campaign_id = campaigns.campaign_id
    where campaigns.campaign_id is null

    union all

    select
        reached.relation,
        reached.customer_id,
        reached.channel,
        'is held out of all marketing' as problem
    from reached
    inner join {{ ref('audience_holdout') }} as held_out on reached.customer_id = held_out.customer_id

    union all

    select
        reached.relation,
        reached.customer_id,
        reached.channel,
        'is a child without a guardian''s consent' as problem
    from reached
    inner join ages
        on
            reached.customer_id = ages.customer_id
            and ages.age < 14
    inner join kept on kept.gate = 'no_guardian_consent'
    left join guarded
        on
            reached.customer_id = guarded.customer_id
            and guarded.channel in (reached.channel, 'ALL')
    where guarded.customer_id is null

    union all

    select
        reached.relation,
        reached.customer_id,
        reached.channel,
        'is a minor, and offered ' || products.product_category as problem
    from reached
    inner join ages
        on
            reached.customer_id = ages.customer_id
            and ages.age < 18
    inner join kept on kept.gate = 'minor'
    inner join {{ ref('stg_core__products') }} as products on reached.product_id = products.product_id
    where products.product_category not in ('DEMAND_DEPOSIT', 'TIME_DEPOSIT')

    union all

    select
        reached.relation,
        reached.customer_id,
        reached.channel,
        'is closed by gate ' || gated_persons.gate as problem
    from reached
    inner join gated_persons on reached.customer_id = gated_persons.customer_id
    inner join kept on gated_persons.gate = kept.gate
)

select
    relation,
    customer_id,
    channel,
    problem,
    'let the relation read contact_permissions, or audience_members, for whom it reaches' as remedy
from wrong
