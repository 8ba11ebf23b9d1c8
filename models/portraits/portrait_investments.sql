-- What may be said of investments (投资产品许可): one row a customer and matter. Up to the rating while the assessment is
-- valid, and none without one, also of the lowest rating, as the gate not_assessed has it. Who may not be offered any
-- has no row. Filter by customer_id.

{{ config(materialized='view') }}

with

-- Whether anybody may begin with an offer, and whether all channels are closed to every offer.
offers as (
    select
        customer_id,
        count(case when is_allowed then 1 end) > 0 as is_allowed,
        count(*) = count(case when closes_offers then 1 end) as is_closed
    from {{ ref('portrait_channels') }}
    group by customer_id
),

excluded as (
    select distinct customer_id
    from {{ ref('offer_exclusions') }}
    where product_class = 'INVESTMENT'
),

highest as (
    select max(max_product_rating) as rating
    from {{ ref('risk_levels') }}
),

-- The rating and the assessment of who may be offered investments at all.
investments as (
    select
        tags.customer_id,
        tags.as_of_date,
        tags.suitability_status,
        coalesce(offers.is_allowed, false) as is_offered,
        tags.suitability_status in ('valid', 'expiring')
        and tags.max_sellable_product_rating is not null as is_allowed,
        tags.max_sellable_product_rating as rating,
        highest.rating as highest_rating
    from {{ ref('customer_tags') }} as tags
    cross join highest
    left join offers
        on tags.customer_id = offers.customer_id
    left join excluded
        on tags.customer_id = excluded.customer_id
    where
        excluded.customer_id is null
        and not coalesce(offers.is_closed, false)
),

-- May be recommended, or, where nobody may begin with it, explained to who asks.
ratings as (
    select
        customer_id,
        as_of_date,
        case when is_allowed and not is_offered then 'investment_if_asked' else 'investment' end as matter,
        case when is_allowed then rating else 'ANY' end as subject,
        is_allowed,
        case when not is_allowed then coalesce(suitability_status, 'unknown') end as because
    from investments
),

portrait_investments as (
    select
        customer_id,
        matter,
        subject,
        is_allowed,
        because,
        case
            when is_allowed then null
            when because = 'missing' then '没有风险测评'
            when because = 'expired' then '风险测评已过期'
            else '风险测评结果未知'
        end as because_zh,
        case
            when is_allowed then null
            when because = 'missing' then 'no risk assessment'
            when because = 'expired' then 'the risk assessment has expired'
            else 'nothing is known of a risk assessment'
        end as because_en,
        'max_sellable_product_rating' as tag_code,
        as_of_date
    from ratings

    union all

    -- What is above it.
    select
        customer_id,
        'investment_above' as matter,
        rating as subject,
        false as is_allowed,
        'unsuitable' as because,
        cast(null as string) as because_zh,
        cast(null as string) as because_en,
        'max_sellable_product_rating' as tag_code,
        as_of_date
    from investments
    where
        is_allowed
        and rating < highest_rating

    union all

    -- An assessment that expires soon is to be renewed.
    select
        customer_id,
        'assessment' as matter,
        suitability_status as subject,
        true as is_allowed,
        cast(null as string) as because,
        cast(null as string) as because_zh,
        cast(null as string) as because_en,
        'max_sellable_product_rating' as tag_code,
        as_of_date
    from investments
    where
        is_allowed
        and suitability_status = 'expiring'
)

select * from portrait_investments
