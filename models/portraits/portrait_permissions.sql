-- What may be done with a customer, and what must not (可以做什么): one row a customer, matter and what it is about, with
-- the reason. Whatever a portrait says of it is judged here; who may see it, in portrait_permissions_by_role; a page
-- finds only the words. Filter by customer_id.

{{ config(materialized='view') }}

with

-- The reasons why marketing is closed.
reasons as (
    select distinct
        customer_id,
        because,
        because_zh,
        because_en
    from {{ ref('portrait_channels') }}
    where not is_allowed
),

-- All of them, as one text.
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
    from {{ ref('portrait_channels') }} as channels
    left join reason_texts
        on channels.customer_id = reason_texts.customer_id
    group by channels.customer_id, channels.as_of_date
),

-- The classes of product that are offered to a customer by nobody.
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

-- What is said of offers and of the customer.
said as (
    select
        customer_id,
        'offer' as matter,
        'ANY' as subject,
        is_allowed,
        case when not is_allowed and is_closed then 'closed' when not is_allowed then 'no_channel' end as because,
        case when not is_allowed then because_zh end as because_zh,
        case when not is_allowed then because_en end as because_en,
        'is_marketing_contactable' as tag_code,
        as_of_date
    from offers

    union all

    select
        excluded.customer_id,
        'product_class' as matter,
        excluded.product_class as subject,
        false as is_allowed,
        excluded.gate as because,
        excluded.name_zh as because_zh,
        excluded.name_en as because_en,
        'is_marketing_contactable' as tag_code,
        excluded.as_of_date
    from excluded
    inner join offers
        on
            excluded.customer_id = offers.customer_id
            and not offers.is_closed

    union all

    select * from {{ ref('portrait_investments') }}

    union all

    select * from {{ ref('portrait_cautions') }}
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
    from {{ ref('portrait_channels') }}

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
    from said
)

select * from portrait_permissions
