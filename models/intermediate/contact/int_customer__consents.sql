-- Whether a person's consent stands, for each purpose and contact channel on which anything was ever said: one row
-- per person, purpose and channel. The latest word wins, whichever system heard it: a withdrawal or a refusal for
-- one channel ends what was given for all of them, until it is given anew, later than the refusal (DECISIONS 80).
with

-- Each statement known by the end of the date, spread over the channels that it means.
statements as (
    select
        identities.customer_id,
        consents.purpose,
        channels.contact_channel as channel,
        consents.given_at,
        case
            when cast(consents.withdrawn_at as date) <= {{ as_of_date() }}
                then {{ moment_of_refusal('consents.withdrawn_at') }}
        end as withdrawn_at
    from {{ ref('stg_crm__consents') }} as consents
    inner join {{ ref('int_customer__identity') }} as identities
        on
            consents.contact_id = identities.source_key
            and identities.source_system = 'crm'
    inner join {{ ref('contact_channels') }} as channels
        on consents.channel in (channels.contact_channel, 'ALL')
    where cast(consents.given_at as date) <= {{ as_of_date() }}

    union all

    -- What was refused through a touch is marketing.
    select
        customer_id,
        'MARKETING' as purpose,
        channel,
        cast(null as timestamp) as given_at,
        refused_at as withdrawn_at
    from {{ ref('int_contact__refusals') }}
),

latest_words as (
    select
        customer_id,
        purpose,
        channel,
        max(case when withdrawn_at is null then given_at end) as given_at,
        max(withdrawn_at) as withdrawn_at
    from statements
    group by customer_id, purpose, channel
),

consents as (
    select
        customer_id,
        purpose,
        channel,
        given_at,
        withdrawn_at,
        given_at is not null and (withdrawn_at is null or given_at > withdrawn_at) as is_standing
    from latest_words
)

select * from consents
