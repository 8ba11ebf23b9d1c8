-- What may be done with a customer, and what must not (可以做什么): one row a customer, matter and what it is about, with
-- the reason. Whatever a portrait says of it is judged here; a page finds only the words.
--
-- Through what a customer may be reached is what contact_permissions says, what may be offered to nobody what
-- offer_exclusions says. Whom campaigns are measured against is told as nothing but not contacted for the time being:
-- whoever knew would treat them otherwise. Filter by customer_id.

{{ config(materialized='view') }}

with

customers as (
    select
        customer_id,
        as_of_date,
        suitability_status,
        max_sellable_product_rating,
        coalesce(is_over_contacted_30d, false) as is_over_contacted,
        coalesce(has_personalisation_opt_out, false) as is_opted_out,
        coalesce(open_complaint_count, 0) > 0 as complains
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
channels as (
    select
        customers.customer_id,
        customers.as_of_date,
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
        closing_gates.gate is not null and gates.removes_member as closes_offers
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
),

reasons as (
    select distinct
        customer_id,
        because,
        because_zh,
        because_en
    from channels
    where not is_allowed
),

-- All reasons why marketing is closed, as one text.
reason_texts as (
    select
        customer_id,
        {{ dbt.listagg('because_zh', "'、'", 'order by because') }} as because_zh,
        {{ dbt.listagg('because_en', "', '", 'order by because') }} as because_en
    from reasons
    group by customer_id
),

-- Whether anything may be offered: by a channel at least; else it is closed as a whole, by gates that close every
-- offer, or nobody is to begin with it.
offers as (
    select
        channels.customer_id,
        channels.as_of_date,
        count(case when channels.is_allowed then 1 end) > 0 as is_allowed,
        count(*) = count(case when channels.closes_offers then 1 end) as is_closed,
        max(reason_texts.because_zh) as because_zh,
        max(reason_texts.because_en) as because_en
    from channels
    left join reason_texts
        on channels.customer_id = reason_texts.customer_id
    group by channels.customer_id, channels.as_of_date
),

excluded as (
    select distinct
        exclusions.customer_id,
        exclusions.as_of_date,
        exclusions.product_class,
        exclusions.gate,
        gates.name_zh,
        gates.name_en
    from {{ ref('offer_exclusions') }} as exclusions
    inner join {{ ref('audience_gates') }} as gates
        on exclusions.gate = gates.gate
),

highest as (
    select max(max_product_rating) as rating
    from {{ ref('risk_levels') }}
),

-- Investments: up to the rating while the assessment is valid, and none without one, also of the lowest rating, as the
-- gate not_assessed has it. Who may not be offered any is told so above.
investments as (
    select
        customers.customer_id,
        customers.as_of_date,
        customers.suitability_status,
        coalesce(offers.is_allowed, false) as is_offered,
        customers.suitability_status in ('valid', 'expiring')
        and customers.max_sellable_product_rating is not null as is_allowed,
        customers.max_sellable_product_rating as rating,
        highest.rating as highest_rating
    from customers
    cross join highest
    left join offers
        on customers.customer_id = offers.customer_id
    left join excluded
        on
            customers.customer_id = excluded.customer_id
            and excluded.product_class = 'INVESTMENT'
    where
        excluded.customer_id is null
        and not coalesce(offers.is_closed, false)
),

-- What is said of offers and of the customer, with its own words for why where there are any.
judged as (
    select
        customer_id,
        as_of_date,
        'offer' as matter,
        'ANY' as subject,
        is_allowed,
        case when not is_allowed and is_closed then 'closed' when not is_allowed then 'no_channel' end as because,
        case when not is_allowed then because_zh end as because_zh,
        case when not is_allowed then because_en end as because_en,
        'is_marketing_contactable' as tag_code
    from offers

    union all

    select
        excluded.customer_id,
        excluded.as_of_date,
        'product_class' as matter,
        excluded.product_class as subject,
        false as is_allowed,
        excluded.gate as because,
        excluded.name_zh as because_zh,
        excluded.name_en as because_en,
        'is_marketing_contactable' as tag_code
    from excluded
    inner join offers
        on
            excluded.customer_id = offers.customer_id
            and not offers.is_closed

    union all

    -- May be recommended, or, where nobody may begin with it, explained to who asks.
    select
        customer_id,
        as_of_date,
        case when is_allowed and not is_offered then 'investment_if_asked' else 'investment' end as matter,
        case when is_allowed then rating else 'ANY' end as subject,
        is_allowed,
        case when not is_allowed then coalesce(suitability_status, 'unknown') end as because,
        case
            when is_allowed then null
            when suitability_status = 'missing' then '没有风险测评'
            when suitability_status = 'expired' then '风险测评已过期'
            else '风险测评结果未知'
        end as because_zh,
        case
            when is_allowed then null
            when suitability_status = 'missing' then 'no risk assessment'
            when suitability_status = 'expired' then 'the risk assessment has expired'
            else 'nothing is known of a risk assessment'
        end as because_en,
        'max_sellable_product_rating' as tag_code
    from investments
),

-- What speaks for itself.
plain as (
    select
        customer_id,
        as_of_date,
        'investment_above' as matter,
        rating as subject,
        false as is_allowed,
        'unsuitable' as because,
        'max_sellable_product_rating' as tag_code
    from investments
    where
        is_allowed
        and rating < highest_rating

    union all

    select
        customer_id,
        as_of_date,
        'assessment' as matter,
        suitability_status as subject,
        true as is_allowed,
        cast(null as string) as because,
        'max_sellable_product_rating' as tag_code
    from investments
    where
        is_allowed
        and suitability_status = 'expiring'

    union all

    -- Who is not reached at all is told so already.
    select
        customers.customer_id,
        customers.as_of_date,
        'personalisation' as matter,
        'ANY' as subject,
        false as is_allowed,
        'opted_out' as because,
        'is_personalisation_allowed' as tag_code
    from customers
    inner join offers
        on
            customers.customer_id = offers.customer_id
            and not offers.is_closed
    where customers.is_opted_out

    union all

    select
        customer_id,
        as_of_date,
        'complaint' as matter,
        'ANY' as subject,
        false as is_allowed,
        'open_complaint' as because,
        'open_complaint_count' as tag_code
    from customers
    where complains
),

portrait_permissions as (
    select
        customer_id,
        'contact' as matter,
        channel as subject,
        channel_zh as subject_zh,
        channel_en as subject_en,
        is_allowed,
        is_allowed_for_service,
        because,
        because_zh,
        because_en,
        service_because_zh,
        'is_marketing_contactable' as tag_code,
        as_of_date
    from channels

    union all

    select
        customer_id,
        matter,
        subject,
        cast(null as string) as subject_zh,
        cast(null as string) as subject_en,
        is_allowed,
        cast(null as boolean) as is_allowed_for_service,
        because,
        because_zh,
        because_en,
        cast(null as string) as service_because_zh,
        tag_code,
        as_of_date
    from judged

    union all

    select
        customer_id,
        matter,
        subject,
        cast(null as string) as subject_zh,
        cast(null as string) as subject_en,
        is_allowed,
        cast(null as boolean) as is_allowed_for_service,
        because,
        cast(null as string) as because_zh,
        cast(null as string) as because_en,
        cast(null as string) as service_because_zh,
        tag_code,
        as_of_date
    from plain
)

select * from portrait_permissions
