-- Who may be contacted through what (触达许可): one row a customer and contact channel, with the first gate
-- that closes it for each purpose. All that reaches a customer reads it - audiences and their lists, tasks, wave
-- plans, portraits - and judges nothing of the kind itself.
--
-- Reads tables of a row a customer, and what is known of the few whom something restricts: consents, refusals,
-- restrictions, bound numbers, controls and the hold-out. No ledger is read here; int_contact__refusals says which
-- it reads.

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

-- How long somebody has been a customer and how old they are decides who of several is reached at their number.
customers as (
    select
        spine.customer_id,
        spine.as_of_date,
        spine.opened_date,
        profiles.birth_date,
        case when unusable.id_value is null then profiles.mobile_hash end as mobile_hash
    from {{ ref('int_customer__spine') }} as spine
    left join {{ ref('int_customer__profile') }} as profiles on spine.customer_id = profiles.customer_id
    left join {{ ref('int_customer__unusable_identifiers') }} as unusable
        on
            profiles.mobile_hash = unusable.id_value
            and unusable.id_type = 'mobile'
),

addresses as (
    select
        customers.customer_id,
        customers.as_of_date,
        channels.contact_channel as channel,
        case channels.address when 'mobile' then customers.mobile_hash else customers.customer_id end as address_token,
        customers.opened_date,
        customers.birth_date
    from customers
    inner join {{ ref('contact_channels') }} as channels on channels.address is not null
),

address_rules as (
    select
        max(case when position = 1 then rule end) as first_rule,
        max(case when position = 2 then rule end) as second_rule
    from {{ ref('address_rules') }}
),

ordered as (
    select
        addresses.*,
        case
            when addresses.address_token is not null
                then row_number() over (
                    partition by addresses.channel, addresses.address_token
                    order by
                        {{ address_rule_key('rules.first_rule') }},
                        {{ address_rule_key('rules.second_rule') }},
                        addresses.customer_id
                )
        end as address_order
    from addresses
    cross join address_rules as rules
),

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
        ordered.customer_id,
        ordered.as_of_date,
        ordered.channel,
        ordered.address_token,
        ordered.address_order,
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
        ordered.address_token is null as no_address,
        held_out.customer_id is not null as held_out,
        controls.customer_id is not null as control
    from ordered
    left join restricted
        on
            ordered.customer_id = restricted.customer_id
            and ordered.channel = restricted.channel
    left join consented
        on
            ordered.customer_id = consented.customer_id
            and ordered.channel = consented.channel
    left join {{ ref('int_contact__bound_numbers') }} as bound
        on
            ordered.address_token = bound.address_token
            and ordered.channel = bound.channel
    left join listed
        on
            ordered.customer_id = listed.customer_id
            and ordered.channel = listed.channel
    left join opted_out on ordered.customer_id = opted_out.customer_id
    left join {{ ref('audience_holdout') }} as held_out on ordered.customer_id = held_out.customer_id
    left join {{ ref('int_campaign__controls') }} as controls on ordered.customer_id = controls.customer_id
),

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
