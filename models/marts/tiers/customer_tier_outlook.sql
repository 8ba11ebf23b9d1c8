-- Where each customer's service tier is heading: what the day's AUM and the projected end of the month say beside the
-- month-average that decides, and whether that calls for an alert.

with

tiers as (
    {{ tiers_in_force() }}
),

policy as (
    select
        {{ threshold('service_tier', 'hysteresis_share') }} as hysteresis_share,
        {{ threshold('near_upgrade', 'near_share') }} as near_upgrade_share,
        {{ threshold('near_downgrade', 'near_share') }} as near_downgrade_share
    from {{ ref('tier_policy') }}
    where {{ in_force() }}
),

-- What counts in AUM, by component, and how it moved over the last 30 days, where the balances are known for so long.
components as (
    select
        categories.customer_id,
        categories.aum_component,
        sum(categories.balance_spot) as balance,
        sum(categories.balance_days_mtd) as balance_days_mtd,
        sum(
            case
                when {{ is_aum_known_on(days_ago(30)) }}
                    then categories.balance_spot - categories.balance_30d_ago
            end
        ) as moved_30d
    from {{ ref('int_aum__by_category') }} as categories
    left join {{ ref('int_aum__known_from') }} as known
        on categories.customer_id = known.customer_id
    where categories.in_aum
    group by categories.customer_id, categories.aum_component
),

drivers as (
    select
        customer_id,
        aum_component,
        moved_30d,
        row_number() over (partition by customer_id order by moved_30d desc, aum_component asc) as rise_rank,
        row_number() over (partition by customer_id order by moved_30d asc, aum_component asc) as fall_rank
    from components
    where moved_30d is not null
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
        policy.near_downgrade_share,
        {{ is_aum_known_on(first_day_of('month')) }} as is_month_known
    from {{ ref('segment__service_tier') }} as service_tiers
    inner join tiers
        on service_tiers.service_tier = tiers.tier
    inner join {{ ref('fact_tags__aum') }} as aum
        on service_tiers.customer_id = aum.customer_id
    left join projections
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

called as (
    select
        *,
        {{ standing_alert() }} as alert_type
    from signals
),

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
        rises.aum_component as rise_component,
        cast(rises.moved_30d as decimal(28, 2)) as rise_amount_30d,
        falls.aum_component as fall_component,
        cast(falls.moved_30d as decimal(28, 2)) as fall_amount_30d,
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
    left join drivers as rises
        on
            served.customer_id = rises.customer_id
            and rises.rise_rank = 1
            and rises.moved_30d > 0
    left join drivers as falls
        on
            served.customer_id = falls.customer_id
            and falls.fall_rank = 1
            and falls.moved_30d < 0
)

select * from outlook
