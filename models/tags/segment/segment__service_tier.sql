-- The tier that a customer is served by (服务层级): their state in the log of service tiers, as of the business date.

with

-- The latest row of each customer, and the day from which its tier has stood.
states as (
    select
        customer_id,
        max(as_of_date) as as_of_date,
        max(case when service_tier is distinct from previous_service_tier then as_of_date end) as since_date
    from {{ ref('service_tier_changes') }}
    where as_of_date <= {{ as_of_date() }}
    group by customer_id
),

tiers as (
    {{ tiers_in_force() }}
),

policy as (
    select
        {{ threshold('service_tier', 'hysteresis_share') }} as hysteresis_share,
        {{ threshold('service_tier', 'grace_days') }} as grace_days
    from {{ ref('tier_policy') }}
    where {{ in_force() }}
),

-- The services of each tier as one line, in their order.
entitlements as (
    {{ entitlements_by_tier() }}
),

served as (
    select
        log.customer_id,
        log.service_tier,
        case when log.service_tier is not null then states.since_date end as service_tier_since_date,
        log.override_tier is not null as is_overridden,
        -- What an override holds up is not about to fall by the rules.
        case when log.override_tier is null then log.below_since end as below_since
    from {{ ref('service_tier_changes') }} as log
    inner join states
        on
            log.customer_id = states.customer_id
            and log.as_of_date = states.as_of_date
),

service_tiers as (
    select
        spine.customer_id,
        spine.as_of_date,
        served.service_tier,
        served.service_tier_since_date,
        case when served.service_tier is not null then served.is_overridden end as is_service_tier_overridden,
        cast({{ dbt.dateadd('day', 'cast(policy.grace_days as int)', 'served.below_since') }} as date)
            as service_tier_downgrade_due_date,
        cast(
            case
                when served.below_since is not null then
                    greatest({{ kept_floor('tiers.aum_from', 'policy.hysteresis_share') }} - aum.aum_month_avg, 0)
            end as decimal(28, 2)
        ) as aum_to_keep_service_tier,
        entitlements.services as service_tier_entitlements
    from {{ ref('int_customer__spine') }} as spine
    inner join {{ ref('fact_tags__aum') }} as aum
        on spine.customer_id = aum.customer_id
    left join served
        on spine.customer_id = served.customer_id
    left join tiers
        on served.service_tier = tiers.tier
    left join entitlements
        on served.service_tier = entitlements.tier
    cross join policy
)

select * from service_tiers
