{# What `banktags tiers simulate` runs on a built warehouse: the rules of macros/tiers/service_tier.sql over the days of the year past,
   under several settings at once. It makes these temporary tables, and runs tier_simulation_day once a day:
     simulated_settings   setting_id, hysteresis_share, grace_days, near_upgrade_share, near_downgrade_share, and by alert type
                          <type>_cool_down_days
     simulated_days       day: the days to assess
     simulated_aum        what tier_simulation_aum gives
     simulated_states     what tier_simulation_day gave for the day before
     simulated_today      day: the one at hand #}

{# From the states of the day before to those of the day, one row a setting and customer, with what happened on it. #}
{% macro tier_simulation_day() %}
with

tiers as (
    {{ tiers_in_force() }}
),

-- Each customer under each setting: the tier that today's average measures, and the state of the day before.
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

-- Since when the average lies below what keeps the tier.
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

-- The tier by rule, after hysteresis and grace.
ranked as (
    select
        *,
        {{ rule_rank_on('day') }} as rule_rank
    from stretches
),

-- The bounds of that tier, and how near to them a setting warns.
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

-- What the average of the month would make of the tier.
signals as (
    select
        *,
        {{ fall_basis() }} as fall_basis,
        {{ rise_basis() }} as rise_basis
    from served
),

-- The alert that stands today.
called as (
    select
        *,
        {{ standing_alert() }} as alert_type
    from signals
),

-- Raised is what has not been raised within the cool-down.
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
