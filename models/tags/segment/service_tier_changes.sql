-- The service tier of each customer, as a log: a row on each date on which it changed, or what will decide it.
--
-- The state of a customer is their latest row. The rules take it, with what is measured on the run's date, to the state
-- of the date; where the two are the same there is no row, so the table grows by changes, not by days.

{{ config(materialized='incremental', pre_hook="{{ forget_date() }}") }}

{% set held = held_rows({
    'customer_id': 'string', 'as_of_date': 'date', 'service_tier': 'string', 'rule_tier': 'string', 'override_tier': 'string',
    'below_since': 'date',
}) %}

with

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

-- The state before the run's date is the last row until then; on the first date there is none.
latest as (
    select
        customer_id,
        max(as_of_date) as as_of_date
    from {{ held }}
    where as_of_date < {{ as_of_date() }}
    group by customer_id
),

before as (
    select
        held.customer_id,
        held.service_tier,
        held.rule_tier,
        held.override_tier,
        held.below_since
    from {{ held }} as held
    inner join latest
        on
            held.customer_id = latest.customer_id
            and held.as_of_date = latest.as_of_date
),

-- Tiers granted by hand, by the customer number that the grant names. Of several for one person the highest stands.
overrides as (
    select
        identities.customer_id,
        max(tiers.tier_rank) as tier_rank
    from {{ ref('tier_overrides') }} as by_hand
    inner join {{ ref('int_customer__identity') }} as identities
        on
            by_hand.core_customer_id = identities.source_key
            and identities.source_system = 'core'
    inner join tiers
        on by_hand.tier = tiers.tier
    where {{ in_force('by_hand', by_currency=false) }}
    group by identities.customer_id
),

today as (
    select
        pyramid.customer_id,
        spine.is_core_customer and spine.status = 'ACTIVE' as is_open,
        pyramid.aum_tier,
        pyramid.aum_tier_rank as measured_rank,
        case when pyramid.aum_tier is not null then aum.aum_month_avg end as aum_month_avg,
        overrides.tier_rank as override_rank
    from {{ ref('segment__pyramid') }} as pyramid
    inner join {{ ref('int_customer__spine') }} as spine
        on pyramid.customer_id = spine.customer_id
    inner join {{ ref('fact_tags__aum') }} as aum
        on pyramid.customer_id = aum.customer_id
    left join overrides
        on pyramid.customer_id = overrides.customer_id
),

-- Everyone who is known today, or had a state.
customers as (
    select
        coalesce(today.customer_id, before.customer_id) as customer_id,
        coalesce(today.is_open, false) as is_open,
        today.aum_tier,
        today.measured_rank,
        today.aum_month_avg,
        case when today.is_open then today.override_rank end as override_rank,
        before.customer_id is null as is_new,
        before.service_tier as previous_service_tier,
        before.rule_tier as previous_rule_tier,
        before.override_tier as previous_override_tier,
        before.below_since,
        before_tiers.tier_rank as previous_rank,
        {{ kept_floor('before_tiers.aum_from', 'policy.hysteresis_share') }} as kept_floor,
        policy.grace_days
    from today
    full join before on today.customer_id = before.customer_id
    left join tiers as before_tiers on before.rule_tier = before_tiers.tier
    cross join policy
),

stretches as (
    select
        customer_id,
        is_open,
        aum_tier,
        measured_rank,
        aum_month_avg,
        override_rank,
        is_new,
        previous_service_tier,
        previous_rule_tier,
        previous_override_tier,
        below_since as previous_below_since,
        previous_rank,
        kept_floor,
        grace_days,
        {{ below_since_on(as_of_date()) }} as below_since
    from customers
),

ranked as (
    select
        *,
        {{ rule_rank_on(as_of_date()) }} as rule_rank
    from stretches
),

states as (
    select
        ranked.*,
        rule_tiers.tier as rule_tier,
        override_tiers.tier as override_tier,
        coalesce(override_tiers.tier, rule_tiers.tier) as service_tier,
        -- The stretch ends with the downgrade that it leads to.
        case when ranked.rule_rank = ranked.previous_rank then ranked.below_since end as below_since_now
    from ranked
    left join tiers as rule_tiers on ranked.rule_rank = rule_tiers.tier_rank
    left join tiers as override_tiers on ranked.override_rank = override_tiers.tier_rank
),

service_tier_changes as (
    select
        customer_id,
        {{ as_of_date() }} as as_of_date,
        service_tier,
        previous_service_tier,
        rule_tier,
        override_tier,
        below_since_now as below_since,
        case
            when is_new then 'opening'
            when service_tier is null then 'left'
            when previous_service_tier is null then 'back'
            when override_tier <> coalesce(previous_override_tier, '') then 'override_begins'
            when override_tier is null and previous_override_tier is not null then 'override_ends'
            when previous_rule_tier is null then 'first_measured'
            when previous_rank is null then 'tier_abolished'
            when rule_rank > previous_rank then 'upgrade'
            when rule_rank < previous_rank then 'downgrade_after_grace'
            when below_since_now is not null then 'falls_below'
            else 'recovers'
        end as reason,
        aum_tier,
        aum_month_avg,
        kept_floor
    from states
    where
        {{ moves_history() }}
        and (
            service_tier is distinct from previous_service_tier
            or rule_tier is distinct from previous_rule_tier
            or override_tier is distinct from previous_override_tier
            or below_since_now is distinct from previous_below_since
        )
)

select * from service_tier_changes
