{# What `banktags tiers simulate` runs on a built warehouse: the rules of macros/tiers/service_tier.sql over the days of the year past,
   under several settings at once. It makes these temporary tables, and runs tier_simulation_day once a day:

     simulated_settings   setting_id, hysteresis_share, grace_days, near_upgrade_share, near_downgrade_share, and by alert type
                          <type>_cool_down_days
     simulated_days       day: the days to assess
     simulated_aum        what tier_simulation_aum gives
     simulated_states     what tier_simulation_day gave for the day before
     simulated_today      day: the one at hand #}

{# AUM of the open customers on the days to assess: of the day, on average of its month so far, and as projected to its end. Who never
   came near the lowest bound is left out: no setting moves or warns him. As it is known today, which a log of the time may not have been. #}
{% macro tier_simulation_aum() %}
with

period as (
    select cast({{ dbt.date_trunc('month', 'min(day)') }} as date) as first_day
    from simulated_days
),

customers as (
    select
        spine.customer_id,
        spine.opened_date
    from {{ ref('int_customer__spine') }} as spine
    inner join {{ ref('int_aum__peak') }} as peaks
        on spine.customer_id = peaks.customer_id
    where
        spine.status = 'ACTIVE'
        and peaks.aum_peak_365d >= (
            select min(aum_from) from {{ ref('pyramid_tiers') }} where {{ in_force() }}
        ) * (1 - (select max(near_upgrade_share) from simulated_settings))
),

-- An interval adds its balance on its first day and takes it away on the day after its last.
movements as (
    select
        intervals.customer_id,
        greatest(intervals.valid_from, period.first_day) as day,
        intervals.balance as amount
    from {{ ref('int_aum__intervals') }} as intervals
    cross join period
    where
        intervals.in_aum
        and intervals.valid_to > period.first_day

    union all

    select
        intervals.customer_id,
        intervals.valid_to as day,
        -intervals.balance as amount
    from {{ ref('int_aum__intervals') }} as intervals
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
        and months.day >= customers.opened_date
order by months.day, months.customer_id
{% endmacro %}

{# From the states of the day before to those of the day, one row a setting and customer, with what happened on it. #}
{% macro tier_simulation_day() %}
with

tiers as (
    select
        tier_rank,
        aum_from,
        aum_to
    from {{ ref('pyramid_tiers') }}
    where {{ in_force() }}
),

customers as (
    select
        settings.setting_id,
        aum.customer_id,
        aum.day,
        true as is_open,
        measured.tier_rank as measured_rank,
        aum.aum_month_avg,
        aum.aum_spot,
        aum.aum_projected_month_avg,
        states.rule_rank as previous_rank,
        states.below_since,
        {{ kept_floor('before_tiers.aum_from', 'settings.hysteresis_share') }} as kept_floor,
        settings.grace_days,
        states.near_upgrade_date,
        states.near_downgrade_date,
        states.downgrade_warning_date
    from simulated_aum as aum
    inner join simulated_today as today
        on aum.day = today.day
    cross join simulated_settings as settings
    left join simulated_states as states
        on
            aum.customer_id = states.customer_id
            and settings.setting_id = states.setting_id
    left join tiers as before_tiers
        on states.rule_rank = before_tiers.tier_rank
    inner join tiers as measured
        on {{ in_band('aum.aum_month_avg', 'measured.aum_from', 'measured.aum_to') }}
),

stretches as (
    select
        setting_id,
        customer_id,
        day,
        is_open,
        measured_rank,
        aum_month_avg,
        aum_spot,
        aum_projected_month_avg,
        previous_rank,
        grace_days,
        near_upgrade_date,
        near_downgrade_date,
        downgrade_warning_date,
        {{ below_since_on('day') }} as below_since
    from customers
),

ranked as (
    select
        *,
        {{ rule_rank_on('day') }} as rule_rank
    from stretches
),

served as (
    select
        ranked.*,
        tiers.aum_from as tier_floor,
        tiers.aum_to as next_bound,
        {{ kept_floor('tiers.aum_from', 'settings.hysteresis_share') }} as kept_floor,
        settings.near_upgrade_share,
        settings.near_downgrade_share,
        settings.near_upgrade_cool_down_days,
        settings.near_downgrade_cool_down_days,
        settings.downgrade_warning_cool_down_days
    from ranked
    inner join tiers
        on ranked.rule_rank = tiers.tier_rank
    inner join simulated_settings as settings
        on ranked.setting_id = settings.setting_id
),

signals as (
    select
        *,
        {{ fall_basis() }} as fall_basis,
        {{ rise_basis() }} as rise_basis
    from served
),

called as (
    select
        *,
        {{ standing_alert() }} as alert_type
    from signals
),

raised as (
    select
        *,
        case
            when
                alert_type = 'near_upgrade'
                and {{ has_cooled_down('near_upgrade_date', 'day', 'near_upgrade_cool_down_days') }}
                then alert_type
            when
                alert_type = 'near_downgrade'
                and {{ has_cooled_down('near_downgrade_date', 'day', 'near_downgrade_cool_down_days') }}
                then alert_type
            when
                alert_type = 'downgrade_warning'
                and {{ has_cooled_down('downgrade_warning_date', 'day', 'downgrade_warning_cool_down_days') }}
                then alert_type
        end as raised_type
    from called
)

select
    setting_id,
    customer_id,
    rule_rank,
    case when rule_rank = previous_rank then below_since end as below_since,
    case when raised_type = 'near_upgrade' then day else near_upgrade_date end as near_upgrade_date,
    case when raised_type = 'near_downgrade' then day else near_downgrade_date end as near_downgrade_date,
    case when raised_type = 'downgrade_warning' then day else downgrade_warning_date end as downgrade_warning_date,
    raised_type,
    case when rule_rank > previous_rank then 'upgrade' when rule_rank < previous_rank then 'downgrade' end as moved_type
from raised
{% endmacro %}
