-- Where each customer's AUM is going: what the month-average comes to if today's balance stands to the month's end, and
-- what rose and fell most over the last 30 days (AUM预测与驱动).

with

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

-- The components in the order of their rise, and of their fall.
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

customer_aum_projection as (
    select
        projections.customer_id,
        cast(projections.aum_projected_month_avg as decimal(28, 2)) as aum_projected_month_avg,
        rises.aum_component as rise_component,
        cast(rises.moved_30d as decimal(28, 2)) as rise_amount_30d,
        falls.aum_component as fall_component,
        cast(falls.moved_30d as decimal(28, 2)) as fall_amount_30d,
        {{ as_of_date() }} as as_of_date
    from projections
    left join drivers as rises
        on
            projections.customer_id = rises.customer_id
            and rises.rise_rank = 1
            and rises.moved_30d > 0
    left join drivers as falls
        on
            projections.customer_id = falls.customer_id
            and falls.fall_rank = 1
            and falls.moved_30d < 0
)

select * from customer_aum_projection
