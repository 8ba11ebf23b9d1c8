-- By what each customer is reached on each contact channel (触达地址), and who of several at one number comes first.

with

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

-- What each channel reaches a customer by: their mobile, or their customer number.
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

-- The two rules by which several at one number are ordered.
address_rules as (
    select
        max(case when position = 1 then rule end) as first_rule,
        max(case when position = 2 then rule end) as second_rule
    from {{ ref('address_rules') }}
),

contact_addresses as (
    select
        addresses.customer_id,
        addresses.as_of_date,
        addresses.channel,
        addresses.address_token,
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
)

select * from contact_addresses
