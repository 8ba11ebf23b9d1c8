-- Which tier of the pyramid a customer is in, what the tier is entitled to, and how far the next one is.

with

-- The tier bounds in force on the run's date, for the bank's base currency.
tiers as (
    {{ tiers_in_force() }}
),

-- The services of each tier as one line, in their order.
entitlements as (
    {{ entitlements_by_tier() }}
),

-- Who has a tier: customers whose relation is open. A prospect has no AUM yet, a former customer is served no more.
open_customers as (
    select
        spine.customer_id,
        aum.aum_spot,
        aum.aum_month_avg
    from {{ ref('int_customer__spine') }} as spine
    inner join {{ ref('fact_tags__aum') }} as aum
        on spine.customer_id = aum.customer_id
    where spine.is_core_customer and spine.status = 'ACTIVE'
),

pyramid as (
    select
        spine.customer_id,
        spine.as_of_date,
        tiers.tier as aum_tier,
        tiers.tier_rank as aum_tier_rank,
        spot_tiers.tier as aum_tier_spot,
        entitlements.services as aum_tier_entitlements,
        cast(tiers.aum_to - customers.aum_month_avg as decimal(28, 2)) as aum_to_next_tier,
        cast(customers.aum_month_avg - tiers.aum_from as decimal(28, 2)) as aum_above_tier_floor,
        tiers.version as aum_tier_version
    from {{ ref('int_customer__spine') }} as spine
    left join open_customers as customers
        on spine.customer_id = customers.customer_id
    left join tiers
        on
            customers.aum_month_avg is not null
            and {{ in_band('customers.aum_month_avg', 'tiers.aum_from', 'tiers.aum_to') }}
    left join tiers as spot_tiers
        on
            customers.aum_spot is not null
            and {{ in_band('customers.aum_spot', 'spot_tiers.aum_from', 'spot_tiers.aum_to') }}
    left join entitlements
        on tiers.tier = entitlements.tier
)

select * from pyramid
