-- Where each customer's service tier is heading: what the day's AUM and the projected end of the month say beside the
-- month-average that decides, and whether that calls for an alert.

with

-- The tiers in force, with their bounds.
tiers as (
    {{ tiers_in_force() }}
),

-- How near counts as near, and how far below its floor a tier is kept.
policy as (
    select
        {{ threshold('service_tier', 'hysteresis_share') }} as hysteresis_share,
        {{ threshold('near_upgrade', 'near_share') }} as near_upgrade_share,
        {{ threshold('near_downgrade', 'near_share') }} as near_downgrade_share
    from {{ ref('tier_policy') }}
    where {{ in_force() }}
),

-- Open customers with the bounds of the tier that they are served by.
served as (
    select
        service_tiers.customer_id,
        service_tiers.service_tier,
        service_tiers.is_service_tier_overridden,
        tiers.tier_rank,
        tiers.aum_from as tier_floor,
        {{ kept_floor('tiers.aum_from', 'policy.hysteresis_share') }} as kept_floor,
        tiers.aum_to as next_bound,
        aum.aum_month_avg,
        aum.aum_spot,
        coalesce(projections.aum_projected_month_avg, 0) as aum_projected_month_avg,
        policy.near_upgrade_share,
        policy.near_downgrade_share,
        {{ is_aum_known_on(first_day_of('month')) }} as is_month_known
    from {{ ref('segment__service_tier') }} as service_tiers
    inner join tiers
        on service_tiers.service_tier = tiers.tier
    inner join {{ ref('fact_tags__aum') }} as aum
        on service_tiers.customer_id = aum.customer_id
    left join {{ ref('customer_aum_projection') }} as projections
        on service_tiers.customer_id = projections.customer_id
    left join {{ ref('int_aum__known_from') }} as known
        on service_tiers.customer_id = known.customer_id
    cross join policy
    where aum.aum_month_avg is not null
),

-- A tier that was granted by hand moves by no amount, and a month of which a part only is known calls for no alert.
signals as (
    select
        *,
        {{ fall_basis() }} as fall_basis,
        {{ rise_basis() }} as rise_basis
    from served
    where
        not is_service_tier_overridden
        and is_month_known
),

-- The alert that the signals call for, if any.
called as (
    select
        *,
        {{ standing_alert() }} as alert_type
    from signals
),

-- Which figure called for it, and the bound that it is held against.
based as (
    select
        *,
        case alert_type
            when 'downgrade_warning' then fall_basis
            when 'near_upgrade' then rise_basis
            when 'near_downgrade' then 'month_average'
        end as basis,
        case
            when alert_type = 'near_upgrade' then next_bound
            when alert_type is not null then kept_floor
        end as boundary
    from called
),

-- The amount of that figure.
judged as (
    select
        *,
        case basis
            when 'month_average' then aum_month_avg
            when 'spot' then aum_spot
            when 'projected_month_end' then aum_projected_month_avg
        end as basis_amount
    from based
),

outlook as (
    select
        served.customer_id,
        served.service_tier,
        served.aum_month_avg,
        served.aum_spot,
        served.aum_projected_month_avg,
        served.kept_floor,
        cast(served.next_bound as decimal(28, 2)) as next_bound,
        judged.alert_type,
        judged.basis,
        cast(judged.basis_amount as decimal(28, 2)) as basis_amount,
        cast(judged.boundary as decimal(28, 2)) as boundary,
        cast(judged.basis_amount - judged.boundary as decimal(28, 2)) as distance_to_boundary,
        -- A warning names the tier that the amount would give, what is near names the neighbour.
        coalesce(warned_tiers.tier, neighbours.tier) as other_tier,
        moves.rise_component,
        moves.rise_amount_30d,
        moves.fall_component,
        moves.fall_amount_30d,
        {{ as_of_date() }} as as_of_date
    from served
    left join judged
        on served.customer_id = judged.customer_id
    left join tiers as warned_tiers
        on
            judged.alert_type = 'downgrade_warning'
            and {{ in_band('judged.basis_amount', 'warned_tiers.aum_from', 'warned_tiers.aum_to') }}
    left join tiers as neighbours
        on
            (judged.alert_type = 'near_upgrade' and neighbours.tier_rank = judged.tier_rank + 1)
            or (judged.alert_type = 'near_downgrade' and neighbours.tier_rank = judged.tier_rank - 1)
    left join {{ ref('customer_aum_projection') }} as moves
        on served.customer_id = moves.customer_id
)

select * from outlook
