-- The audiences that a customer is in, as whoever serves them may know it: one row a customer and audience, with what
-- it offers and through what. An audience of marketing that does not reach the customer is not named, because whoever
-- knew would make its offer by themselves. Filter by customer_id.

{{ config(materialized='view') }}

with

permitted as (
    select
        customer_id,
        subject as channel,
        subject_zh,
        subject_en,
        is_allowed
    from {{ ref('portrait_permissions') }}
    where matter = 'contact'
),

-- Marketing without a channel of its own is made by any that is open.
offering as (
    select
        customer_id,
        is_allowed
    from {{ ref('portrait_permissions') }}
    where matter = 'offer'
),

judged as (
    select
        members.customer_id,
        members.audience,
        audiences.name_zh,
        audiences.purpose,
        coalesce(products.product_name, audiences.offer_zh) as offer_zh,
        members.channel,
        coalesce(permitted.subject_zh, members.channel) as channel_zh,
        coalesce(permitted.subject_en, members.channel) as channel_en,
        audiences.sensitivity,
        audiences.security_level,
        audiences.priority,
        members.unreached_because is null
        and (
            audiences.purpose <> 'marketing'
            or coalesce(case when members.channel is null then offering.is_allowed else permitted.is_allowed end, false)
        ) as is_reached,
        members.as_of_date
    from {{ ref('audience_members') }} as members
    inner join {{ ref('audiences') }} as audiences
        on members.audience = audiences.audience
    left join {{ ref('int_products__on_sale') }} as products
        on members.product_id = products.product_id
    left join permitted
        on
            members.customer_id = permitted.customer_id
            and members.channel = permitted.channel
    left join offering
        on members.customer_id = offering.customer_id
),

portrait_offers as (
    select
        customer_id,
        audience,
        name_zh,
        purpose,
        offer_zh,
        channel,
        channel_zh,
        channel_en,
        priority,
        sensitivity,
        security_level,
        is_reached and offer_zh is not null as is_offered,
        as_of_date
    from judged
    where
        is_reached
        or purpose <> 'marketing'
)

select * from portrait_offers
