-- Through what marketing and service may reach a customer (渠道许可): one row a customer and contact channel, as far as it
-- is told, with the reason where it is closed.
--
-- The gates are those of contact_permissions. Whom campaigns are measured against is told as nothing but not contacted
-- for the time being: whoever knew would treat them otherwise. Filter by customer_id.

{{ config(materialized='view') }}

with

customers as (
    select
        customer_id,
        as_of_date,
        coalesce(is_over_contacted_30d, false) as is_over_contacted
    from {{ ref('customer_tags') }}
),

-- The gates that close every offer, and not a channel alone.
closing_gates as (
    select gate
    from {{ ref('contact_gates') }}
    where
        purpose = 'marketing'
        and product_class = 'ANY'
        and is_in_force
),

-- Each contact channel: the gate of marketing, as far as it is told, and a pause where there was too much of it.
portrait_channels as (
    select
        customers.customer_id,
        permissions.channel,
        coalesce(channels.name_zh, permissions.channel) as channel_zh,
        coalesce(channels.name_en, permissions.channel) as channel_en,
        permissions.marketing_blocked_by is null and not customers.is_over_contacted as is_allowed,
        permissions.service_blocked_by is null as is_allowed_for_service,
        case
            when not coalesce(gates.removes_member, true) then 'not_now'
            when permissions.marketing_blocked_by is not null then permissions.marketing_blocked_by
            when customers.is_over_contacted then 'over_contacted'
        end as because,
        case
            when not coalesce(gates.removes_member, true) then '本期不做营销触达'
            when permissions.marketing_blocked_by is not null then gates.name_zh
            when customers.is_over_contacted then '近期触达已达上限，暂停主动营销'
        end as because_zh,
        case
            when not coalesce(gates.removes_member, true) then 'not for the time being'
            when permissions.marketing_blocked_by is not null then gates.name_en
            when customers.is_over_contacted then 'contacted often enough of late: a pause'
        end as because_en,
        service_gates.name_zh as service_because_zh,
        closing_gates.gate is not null and gates.removes_member as closes_offers,
        customers.as_of_date
    from customers
    inner join {{ ref('contact_permissions') }} as permissions
        on customers.customer_id = permissions.customer_id
    left join {{ ref('contact_channels') }} as channels
        on permissions.channel = channels.contact_channel
    left join {{ ref('audience_gates') }} as gates
        on permissions.marketing_blocked_by = gates.gate
    left join {{ ref('audience_gates') }} as service_gates
        on permissions.service_blocked_by = service_gates.gate
    left join closing_gates
        on permissions.marketing_blocked_by = closing_gates.gate
)

select * from portrait_channels
