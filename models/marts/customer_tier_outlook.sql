-- Where each customer's service tier is heading: what the day's AUM and the projected end of the month say beside the
-- month-average that decides, and whether that calls for an alert.

with

tiers as (
    select
        tier,
        tier_rank,
        aum_from,
        aum_to
    from {{ ref('pyramid_tiers') }}
    where {{ in_force() }}
),

policy as (
    select
        {{ threshold('service_tier', 'hysteresis_share') }} as hysteresis_share,
        {{ threshold('near_upgrade', 'near_share') }} as near_upgrade_share,
        {{ threshold('near_downgrade', 'near_share') }} as near_downgrade_share
    from {{ ref('tier_policy') }}
    where {{ in_force() }}
),

-- What counts in AUM, by component, and how it moved over the last 30 days.
components as (
    select
        customer_id,
        aum_component,
        sum(balance_spot) as balance,
        sum(balance_days_mtd) as balance_days_mtd,
        sum(balance_spot - balance_30d_ago) as moved_30d
    from {{ ref('int_aum__by_category') }}
    where in_aum
    group by customer_id, aum_component
),

drivers as (
    select
        customer_id,
        aum_component,
        moved_30d,
        row_number() over (partition by customer_id order by moved_30d desc, aum_component asc) as rise_rank,
        row_number() over (partition by customer_id order by moved_30d asc, aum_component asc) as fall_rank
    from components
),

-- What the month-average will be on the month's last day if today's balance stands until then.
projections as (
    select
        customer_id,
        {{ divide_amount(
            'sum(balance_days_mtd + balance * (' ~ days_of_month() ~ ' - ' ~ calendar_days_since(first_day_of('month')) ~ '))',
            days_of_month()
        ) }} as aum_projected_month_avg
    from components
    group by customer_id
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
        policy.near_downgrade_share
    from {{ ref('segment__service_tier') }} as service_tiers
    inner join tiers
        on service_tiers.service_tier = tiers.tier
    inner join {{ ref('fact_tags__aum') }} as aum
        on service_tiers.customer_id = aum.customer_id
    left join projections
        on service_tiers.customer_id = projections.customer_id
    cross join policy
    where aum.aum_month_avg is not null
),

-- Which of the three amounts says that the tier will fall, and which that it will rise: the surest first. A tier that
-- was granted by hand moves by neither.
signals as (
    select
        *,
        case
            when is_service_tier_overridden then null
            when aum_month_avg < kept_floor then 'month_average'
            when aum_spot < kept_floor then 'spot'
            when aum_projected_month_avg < kept_floor then 'projected_month_end'
        end as fall_basis,
        case
            when is_service_tier_overridden then null
            when aum_month_avg >= next_bound * (1 - near_upgrade_share) then 'month_average'
            when aum_spot >= next_bound then 'spot'
            when aum_projected_month_avg >= next_bound then 'projected_month_end'
        end as rise_basis,
        not is_service_tier_overridden and aum_month_avg < tier_floor * (1 + near_downgrade_share) as is_near_floor
    from served
),

-- One standing call for an alert at most: what threatens comes before what beckons.
called as (
    select
        *,
        case
            when fall_basis is not null then 'downgrade_warning'
            when rise_basis is not null then 'near_upgrade'
            when is_near_floor then 'near_downgrade'
        end as alert_type,
        case
            when fall_basis is not null then fall_basis
            when rise_basis is not null then rise_basis
            when is_near_floor then 'month_average'
        end as basis
    from signals
),

judged as (
    select
        *,
        case
            when alert_type = 'near_upgrade' then next_bound
            when alert_type is not null then kept_floor
        end as boundary,
        case basis
            when 'month_average' then aum_month_avg
            when 'spot' then aum_spot
            when 'projected_month_end' then aum_projected_month_avg
        end as basis_amount
    from called
),

outlook as (
    select
        judged.customer_id,
        judged.service_tier,
        judged.aum_month_avg,
        judged.aum_spot,
        judged.aum_projected_month_avg,
        cast(judged.kept_floor as decimal(18, 2)) as kept_floor,
        cast(judged.next_bound as decimal(18, 2)) as next_bound,
        judged.alert_type,
        judged.basis,
        cast(judged.basis_amount as decimal(18, 2)) as basis_amount,
        cast(judged.boundary as decimal(18, 2)) as boundary,
        cast(judged.basis_amount - judged.boundary as decimal(18, 2)) as distance_to_boundary,
        -- A warning names the tier that the amount would give, what is near names the neighbour.
        coalesce(warned_tiers.tier, neighbours.tier) as other_tier,
        rises.aum_component as rise_component,
        cast(rises.moved_30d as decimal(18, 2)) as rise_amount_30d,
        falls.aum_component as fall_component,
        cast(falls.moved_30d as decimal(18, 2)) as fall_amount_30d,
        {{ as_of_date() }} as as_of_date
    from judged
    left join tiers as warned_tiers
        on
            judged.alert_type = 'downgrade_warning'
            and {{ in_band('judged.basis_amount', 'warned_tiers.aum_from', 'warned_tiers.aum_to') }}
    left join tiers as neighbours
        on
            (judged.alert_type = 'near_upgrade' and neighbours.tier_rank = judged.tier_rank + 1)
            or (judged.alert_type = 'near_downgrade' and neighbours.tier_rank = judged.tier_rank - 1)
    left join drivers as rises
        on
            judged.customer_id = rises.customer_id
            and rises.rise_rank = 1
            and rises.moved_30d > 0
    left join drivers as falls
        on
            judged.customer_id = falls.customer_id
            and falls.fall_rank = 1
            and falls.moved_30d < 0
)

select * from outlook
