{# AUM of the open customers on the days to assess: of the day, on average of its month so far, and as projected to its end. Who never
   came near the lowest bound is left out: no setting moves or warns them. As it is known today, which a log of the time may not have been.
   Reads what is published, as whoever asks does. #}
{% macro tier_simulation_aum() %}
with

period as (
    select cast({{ dbt.date_trunc('month', 'min(day)') }} as date) as first_day
    from simulated_days
),

customers as (
    select
        customer_id,
        tenure_days
    from {{ ref('customer_tags') }}
    where
        relationship_status = 'active'
        and coalesce(aum_peak_365d >= (
            select min(aum_from) from {{ ref('pyramid_tiers') }} where {{ in_force() }}
        ) * (1 - (select max(near_upgrade_share) from simulated_settings)), true)
),

-- An interval adds its balance on its first day and takes it away on the day after its last.
movements as (
    select
        intervals.customer_id,
        greatest(intervals.valid_from, period.first_day) as day,
        intervals.balance as amount
    from {{ ref('aum_intervals') }} as intervals
    cross join period
    where
        intervals.in_aum
        and intervals.valid_to > period.first_day

    union all

    select
        intervals.customer_id,
        intervals.valid_to as day,
        -intervals.balance as amount
    from {{ ref('aum_intervals') }} as intervals
    cross join period
    where
        intervals.in_aum
        and intervals.valid_to > period.first_day

    union all

    select
        customers.customer_id,
        {{ each_day('period.first_day', as_of_date()) }} as day,
        cast(0 as decimal(28, 2)) as amount
    from customers
    cross join period
),

day_changes as (
    select
        movements.customer_id,
        movements.day,
        sum(movements.amount) as amount
    from movements
    inner join customers
        on movements.customer_id = customers.customer_id
    where movements.day <= {{ as_of_date() }}
    group by movements.customer_id, movements.day
),

day_ends as (
    select
        customer_id,
        day,
        sum(amount) over (partition by customer_id order by day) as aum_spot,
        cast({{ dbt.date_trunc('month', 'day') }} as date) as month_first_day,
        extract(day from day) as days_so_far,
        extract(day from {{ dbt.last_day('day', 'month') }}) as days_of_month
    from day_changes
),

months as (
    select
        *,
        sum(aum_spot) over (partition by customer_id, month_first_day order by day) as aum_days_mtd
    from day_ends
)

select
    months.customer_id,
    months.day,
    cast(months.aum_spot as decimal(28, 2)) as aum_spot,
    {{ divide_amount('months.aum_days_mtd', 'months.days_so_far') }} as aum_month_avg,
    {{ divide_amount(
        '(months.aum_days_mtd + months.aum_spot * (months.days_of_month - months.days_so_far))', 'months.days_of_month'
    ) }} as aum_projected_month_avg
from months
inner join simulated_days
    on months.day = simulated_days.day
inner join customers
    on
        months.customer_id = customers.customer_id
        and {{ dbt.datediff('months.day', as_of_date(), 'day') }} <= customers.tenure_days
order by months.day, months.customer_id
{% endmacro %}
