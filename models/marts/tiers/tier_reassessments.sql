-- What a large movement of money, or a purchase of an investment, did to the customer's tier (行为触发重评): each such event
-- that was delivered since the observed date before, with the tiers before it and after it.

{{ config(materialized='incremental', pre_hook="{{ forget_date() }}") }}

with

-- Batches that no observed date has seen yet: on the first date only its own.
batches as (
    select
        coalesce(previous_date, {{ days_ago(1) }}) as seen_to,
        as_of_date as seen_now
    from {{ ref('observed_dates') }}
    where
        as_of_date = {{ as_of_date() }}
        and {{ moves_history() }}
),

tiers as (
    {{ tiers_in_force() }}
),

policy as (
    select
        {{ threshold('large_movement', 'amount_from') }} as movement_amount_from,
        {{ threshold('large_movement', 'share_from') }} as movement_share_from,
        {{ threshold('large_movement', 'share_amount_from') }} as movement_share_amount_from,
        {{ threshold('large_purchase', 'amount_from') }} as purchase_amount_from
    from {{ ref('tier_policy') }}
    where {{ in_force() }}
),

-- Money that came in or went out: transfers and cash. Payments, repayments and the bank's own postings move no wealth.
movements as (
    select
        postings.transaction_id as event_id,
        postings.customer_id,
        postings.transaction_date as event_date,
        case when postings.direction = 'IN' then 'large_inflow' else 'large_outflow' end as trigger_type,
        postings.amount
    from {{ ref('int_transactions__customer') }} as postings
    inner join batches
        on
            postings.dt > batches.seen_to
            and postings.dt <= batches.seen_now
    where postings.transaction_category in ('transfer', 'cash')
),

purchases as (
    select
        orders.order_id as event_id,
        orders.customer_id,
        orders.order_date as event_date,
        'large_purchase' as trigger_type,
        orders.amount
    from {{ ref('int_orders__by_customer') }} as orders
    inner join batches
        on
            orders.dt > batches.seen_to
            and orders.dt <= batches.seen_now
    where
        orders.order_type = 'PURCHASE'
        -- An order is a state: what was confirmed before and is delivered again is no new purchase.
        and not exists (
            select 1
            from {{ ref('base_wealth__orders') }} as seen
            where
                orders.order_id = seen.order_id
                and orders.order_date = seen.order_date
                and seen.quarantine_reason is null
                and seen.status = 'CONFIRMED'
                and seen.dt <= batches.seen_to
        )
),

events as (
    select * from movements
    union all
    select * from purchases
),

-- Large by itself, or for this customer.
triggers as (
    select
        events.event_id,
        events.customer_id,
        events.event_date,
        events.trigger_type,
        events.amount,
        changes.aum_1d_ago,
        changes.aum
    from events
    inner join {{ ref('customer_aum_daily_change') }} as changes
        on events.customer_id = changes.customer_id
    cross join policy
    where
        case
            when events.trigger_type = 'large_purchase' then events.amount >= policy.purchase_amount_from
            else
                events.amount >= policy.movement_amount_from
                or (
                    events.amount >= policy.movement_share_amount_from
                    and events.amount >= policy.movement_share_from * changes.aum_1d_ago
                )
        end
),

tier_reassessments as (
    select
        triggers.customer_id,
        {{ as_of_date() }} as as_of_date,
        triggers.trigger_type,
        triggers.event_id,
        triggers.event_date,
        cast(triggers.amount as decimal(28, 2)) as amount,
        triggers.aum_1d_ago as aum_before,
        triggers.aum as aum_after,
        spot_tiers.tier as spot_tier_before,
        pyramid.aum_tier_spot as spot_tier_after,
        case when log.customer_id is null then service_tiers.service_tier else log.previous_service_tier end
            as service_tier_before,
        service_tiers.service_tier as service_tier_after,
        projected_tiers.tier as projected_tier
    from triggers
    inner join {{ ref('segment__pyramid') }} as pyramid
        on triggers.customer_id = pyramid.customer_id
    inner join {{ ref('segment__service_tier') }} as service_tiers
        on triggers.customer_id = service_tiers.customer_id
    left join {{ ref('service_tier_changes') }} as log
        on
            triggers.customer_id = log.customer_id
            and log.as_of_date = {{ as_of_date() }}
    left join {{ ref('customer_tier_outlook') }} as outlook
        on triggers.customer_id = outlook.customer_id
    left join tiers as spot_tiers
        on
            triggers.aum_1d_ago is not null
            and {{ in_band('triggers.aum_1d_ago', 'spot_tiers.aum_from', 'spot_tiers.aum_to') }}
    left join tiers as projected_tiers
        on
            outlook.aum_projected_month_avg is not null
            and {{ in_band('outlook.aum_projected_month_avg', 'projected_tiers.aum_from', 'projected_tiers.aum_to') }}
)

select * from tier_reassessments
