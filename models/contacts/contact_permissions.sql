-- Who may be contacted through what (触达许可): one row a customer and contact channel, with the first gate that closes it
-- for each purpose. All that reaches a customer reads it - audiences and their lists, tasks, wave plans, portraits -
-- and judges nothing of the kind itself.
--
-- Reads tables of a row a customer, and what is known of the few whom something restricts. No ledger is read here;
-- int_contact__refusals says which it reads.

{% set purposes = ['marketing', 'service', 'risk'] %}
{% set gates = contact_gates() %}

with

-- What closes every offer of a purpose, as one row: the gates of the seed, and consent and personalisation where
-- the purpose needs them.
closing as (
    select
        gate,
        purpose
    from {{ ref('contact_gates') }}
    where
        product_class = 'ANY'
        and is_in_force
    union all
    {% for gate in ['no_consent', 'number_refused'] %}
        select
            '{{ gate }}' as gate,
            purpose
        from {{ ref('audience_purposes') }}
        where needs_consent
        union all
    {% endfor %}
    select
        'opted_out' as gate,
        purpose
    from {{ ref('audience_purposes') }}
    where needs_personalisation
),

-- The same as one row: whether each gate closes offers of each purpose.
policy as (
    select
        {% for gate in gates %}
            {% for purpose in purposes %}
                max(case when gate = '{{ gate }}' and purpose = '{{ purpose }}' then 1 else 0 end) = 1
                    as {{ gate }}__{{ purpose }},
            {% endfor %}
        {% endfor %}
        count(*) as rules
    from closing
),

-- Marketing consents that stand.
consented as (
    select
        customer_id,
        channel,
        given_at
    from {{ ref('int_customer__consents') }}
    where
        purpose = 'MARKETING'
        and is_standing
),

-- Who has refused personalised offers.
opted_out as (
    select distinct customer_id
    from {{ ref('int_customer__consents') }}
    where
        purpose = 'PERSONALISATION'
        and not is_standing
),

-- The restrictions of a person for each channel, as one row.
restricted as (
    select
        restrictions.customer_id,
        channels.contact_channel as channel,
        {% for gate in restriction_gates() %}
            max(case when restrictions.gate = '{{ gate }}' then 1 else 0 end) = 1 as {{ gate }},
        {% endfor %}
        count(*) as restrictions
    from {{ ref('int_contact__restrictions') }} as restrictions
    inner join {{ ref('contact_channels') }} as channels
        on restrictions.channel in (channels.contact_channel, 'ALL')
    group by restrictions.customer_id, channels.contact_channel
),

-- Entries of the do-not-contact list that name the person.
listed as (
    select
        customer_id,
        channel,
        max(case when is_for_all_purposes then 1 else 0 end) = 1 as is_for_all_purposes
    from {{ ref('int_contact__do_not_contact') }}
    where customer_id is not null
    group by customer_id, channel
),

-- Each gate of each customer and channel: true where it stands, whatever the purpose.
judged as (
    select
        addresses.customer_id,
        addresses.as_of_date,
        addresses.channel,
        addresses.address_token,
        addresses.address_order,
        {% for gate in restriction_gates() %}
            coalesce(restricted.{{ gate }}, false) as {{ gate }},
        {% endfor %}
        consented.customer_id is null as no_consent,
        listed.customer_id is not null or coalesce(bound.is_listed, false) as do_not_contact,
        coalesce(listed.is_for_all_purposes, false) or coalesce(bound.is_listed_for_all_purposes, false)
            as is_listed_for_all_purposes,
        coalesce(
            bound.is_held_by_refuser or cast(consented.given_at as date) <= bound.given_up_date, false
        ) as number_refused,
        opted_out.customer_id is not null as opted_out,
        addresses.address_token is null as no_address,
        held_out.customer_id is not null as held_out,
        controls.customer_id is not null as control
    from {{ ref('contact_addresses') }} as addresses
    left join restricted
        on addresses.customer_id = restricted.customer_id and addresses.channel = restricted.channel
    left join consented
        on addresses.customer_id = consented.customer_id and addresses.channel = consented.channel
    left join {{ ref('int_contact__bound_numbers') }} as bound
        on addresses.address_token = bound.address_token and addresses.channel = bound.channel
    left join listed
        on addresses.customer_id = listed.customer_id and addresses.channel = listed.channel
    left join opted_out on addresses.customer_id = opted_out.customer_id
    left join {{ ref('audience_holdout') }} as held_out on addresses.customer_id = held_out.customer_id
    left join {{ ref('int_campaign__controls') }} as controls on addresses.customer_id = controls.customer_id
),

-- The first gate that closes each purpose.
contact_permissions as (
    select
        judged.customer_id,
        judged.as_of_date,
        judged.channel,
        judged.address_token,
        cast(judged.address_order as int) as address_order,
        {{ first_closing_gate('marketing') }} as marketing_blocked_by,
        {{ first_closing_gate('service') }} as service_blocked_by,
        {{ first_closing_gate('risk') }} as risk_blocked_by
    from judged
    cross join policy
)

select * from contact_permissions
