-- Alerts to the relationship manager, one row an alert: a tier that has moved, is about to, or is near a bound.
--
-- What calls for an alert often stands for weeks. It is raised once, and again only when the cool-down has passed: a
-- condition that flickers raises no more alerts than one that stands.

{{ config(materialized='incremental', pre_hook="{{ forget_date() }}") }}

{% set held = held_rows({'customer_id': 'string', 'as_of_date': 'date', 'alert_type': 'string'}) %}

with

tiers as (
    {{ tiers_in_force() }}
),

policy as (
    select
        rule as alert_type,
        {{ parameter_value('cool_down_days') }} as cool_down_days,
        {{ parameter_value('due_days') }} as due_days
    from {{ ref('tier_policy') }}
    where {{ in_force() }}
    group by rule
),

service_tier_policy as (
    select {{ threshold('service_tier', 'hysteresis_share') }} as hysteresis_share
    from {{ ref('tier_policy') }}
    where {{ in_force() }}
),

-- A service tier that moved on the date, unless somebody granted it: they know.
moves as (
    select
        log.customer_id,
        case when new_tiers.tier_rank > old_tiers.tier_rank then 'upgrade' else 'downgrade' end as alert_type,
        log.service_tier as tier,
        log.previous_service_tier as other_tier,
        'month_average' as basis,
        log.aum_month_avg as basis_amount,
        -- The bound crossed: of an upgrade the floor of the new tier, of a downgrade what would have kept the old.
        case
            when new_tiers.tier_rank > old_tiers.tier_rank then new_tiers.aum_from
            else {{ kept_floor('old_tiers.aum_from', 'service_tier_policy.hysteresis_share') }}
        end as boundary
    from {{ ref('service_tier_changes') }} as log
    inner join tiers as new_tiers
        on log.service_tier = new_tiers.tier
    inner join tiers as old_tiers
        on log.previous_service_tier = old_tiers.tier
    cross join service_tier_policy
    where
        log.as_of_date = {{ as_of_date() }}
        and new_tiers.tier_rank <> old_tiers.tier_rank
        and log.reason <> 'override_begins'
),

conditions as (
    select
        customer_id,
        alert_type,
        tier,
        other_tier,
        basis,
        basis_amount,
        boundary
    from moves

    union all

    select
        customer_id,
        alert_type,
        service_tier as tier,
        other_tier,
        basis,
        basis_amount,
        boundary
    from {{ ref('customer_tier_outlook') }}
    where alert_type is not null
),

last_raised as (
    select
        customer_id,
        alert_type,
        max(as_of_date) as raised_date
    from {{ held }}
    where as_of_date < {{ as_of_date() }}
    group by customer_id, alert_type
),

tier_alerts as (
    select
        conditions.customer_id,
        {{ as_of_date() }} as as_of_date,
        conditions.alert_type,
        conditions.tier,
        conditions.other_tier,
        conditions.basis,
        cast(conditions.basis_amount as decimal(28, 2)) as basis_amount,
        cast(conditions.boundary as decimal(28, 2)) as boundary,
        cast(conditions.basis_amount - conditions.boundary as decimal(28, 2)) as distance_to_boundary,
        case
            when conditions.alert_type in ('upgrade', 'near_upgrade') then outlook.rise_component
            else outlook.fall_component
        end as driver_component,
        case
            when conditions.alert_type in ('upgrade', 'near_upgrade') then outlook.rise_amount_30d
            else outlook.fall_amount_30d
        end as driver_amount_30d,
        service_team.manager_id,
        service_team.branch_id,
        cast({{ dbt.dateadd('day', 'cast(policy.due_days as int)', as_of_date()) }} as date) as due_date
    from conditions
    inner join policy
        on conditions.alert_type = policy.alert_type
    left join last_raised as raised
        on
            conditions.customer_id = raised.customer_id
            and conditions.alert_type = raised.alert_type
    left join {{ ref('customer_tier_outlook') }} as outlook
        on conditions.customer_id = outlook.customer_id
    left join {{ ref('int_customer__service_team') }} as service_team
        on conditions.customer_id = service_team.customer_id
    where
        {{ moves_history() }}
        and {{ has_cooled_down('raised_date', as_of_date(), 'policy.cool_down_days') }}
)

select * from tier_alerts
