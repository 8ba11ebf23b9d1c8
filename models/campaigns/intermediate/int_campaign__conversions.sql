-- Conversions: what customers took up of what a campaign offers, members or not, whoever caused it. Seed
-- campaign_conversion_events says which event counts for the product, and whether its like does too; what each is worth
-- says seed product_margins, by the class of the product or the product itself, for as long as it is held.

with

-- What a class, or a product, earns: one row each.
margins as (
    select
        item,
        product_id,
        {{ parameter_value('margin_rate') }} as margin_rate,
        {{ parameter_value('fee_rate') }} as fee_rate,
        {{ parameter_value('retention') }} as retention,
        {{ parameter_value('horizon_years') }} as horizon_years
    from {{ ref('product_margins') }}
    where {{ in_force(by_currency=false) }}
    group by item, product_id
),

discount as (
    select cast({{ parameter_value('ltv_discount_rate') }} as double) as discount_rate
    from {{ ref('campaign_parameters') }}
    where {{ in_force() }}
),

-- Of an instalment, whose card product is not told, the product is the one that the campaign offers.
taken_up as (
    select
        campaigns.campaign_id,
        events.customer_id,
        events.event_type,
        events.event_key,
        events.event_date,
        events.amount,
        events.item,
        events.term_days,
        coalesce(events.product_id, campaigns.product_id) as product_id
    from {{ ref('int_campaign__campaigns') }} as campaigns
    inner join {{ ref('int_campaign__events') }} as events
        on
            campaigns.product_category = events.product_category
            and campaigns.conversion_event_type = events.event_type
    where
        campaigns.conversion_scope = 'category'
        or campaigns.product_id = events.product_id
),

-- A row for the product stands over that of its class, number by number.
rated as (
    select
        taken_up.*,
        cast(coalesce(by_product.margin_rate, by_class.margin_rate) as double) as margin_rate,
        cast(coalesce(by_product.fee_rate, by_class.fee_rate, 0) as double) as fee_rate,
        -- What is left of a margin of one a year later, discounted.
        cast(coalesce(by_product.retention, by_class.retention) as double) / (1 + discount.discount_rate)
            as kept_a_year,
        365 * cast(coalesce(by_product.horizon_years, by_class.horizon_years) as int) as horizon_days
    from taken_up
    cross join discount
    left join margins as by_class
        on
            taken_up.item = by_class.item
            and by_class.product_id is null
    left join margins as by_product
        on
            taken_up.item = by_product.item
            and taken_up.product_id = by_product.product_id
),

-- How long it earns: to its own end, and no longer than the horizon.
held as (
    select
        *,
        least(coalesce(term_days, horizon_days), horizon_days) as days_held
    from rated
),

years as (
    select
        *,
        cast(floor(days_held / 365e0) as int) as whole_years,
        days_held / 365e0 - floor(days_held / 365e0) as rest_of_year
    from held
),

-- Years of margin that it comes to: 1 + q + q² + … for the whole ones, and the part of the last.
valued as (
    select
        *,
        least(1e0, days_held / 365e0) as first_year,
        case
            when kept_a_year = 1 then whole_years + rest_of_year
            else
                (1 - power(kept_a_year, whole_years)) / (1 - kept_a_year)
                + rest_of_year * power(kept_a_year, whole_years)
        end as discounted_years
    from years
),

conversions as (
    select
        campaign_id,
        customer_id,
        event_type,
        event_key,
        event_date,
        amount,
        cast(cast(amount as double) * (fee_rate + margin_rate * first_year) as decimal(28, 2)) as margin,
        cast(cast(amount as double) * (fee_rate + margin_rate * discounted_years) as decimal(28, 2)) as margin_long
    from valued
)

select * from conversions
