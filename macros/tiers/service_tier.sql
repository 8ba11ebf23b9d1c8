{# The rules of the service tier (服务层级) and of its alerts, one date at a time. They stand here because the models run them for the
   business date, and `banktags tiers simulate` for each day of the year past under other parameters: what is simulated is what
   would happen.

   They read, for one customer:
     is_open          whether they are a customer on the day
     measured_rank    rank of the tier of their month-average AUM; null = unknown
     aum_month_avg    that average
     previous_rank    rank of the tier that the rules gave them the day before; null = none
     kept_floor       what the average may fall to without endangering that tier
     below_since      first day of the stretch below that floor; null = not below
     grace_days       how long it must last

   and the alerts, for a tier that they are served by, its kept_floor, tier_floor and next_bound with the near shares. #}

{# What the average may fall to without endangering a tier (保级线): its floor, less the hysteresis. #}
{% macro kept_floor(tier_floor, hysteresis_share) -%}
    cast({{ tier_floor }} * (1 - {{ hysteresis_share }}) as decimal(28, 2))
{%- endmacro %}

{# First day of the stretch below the kept floor. A day on which the average is not known neither begins nor breaks one. #}
{% macro below_since_on(day) -%}
    case
        when not is_open then null
        when aum_month_avg is null then below_since
        when measured_rank < previous_rank and aum_month_avg < kept_floor then coalesce(below_since, {{ day }})
    end
{%- endmacro %}

{# Rank of the tier that the rules give, where below_since is that of the day. #}
{% macro rule_rank_on(day) -%}
    case
        when not is_open then null
        when measured_rank is null then previous_rank
        -- Upward at once, and so for whoever had no tier.
        when previous_rank is null or measured_rank >= previous_rank then measured_rank
        -- Downward when the stretch has lasted for the grace days.
        when {{ dbt.datediff('below_since', day, 'day') }} >= grace_days then measured_rank
        else previous_rank
    end
{%- endmacro %}

{# Which amount says that the tier will fall: the surest first. #}
{% macro fall_basis() -%}
    case
        when aum_month_avg < kept_floor then 'month_average'
        when aum_spot < kept_floor then 'spot'
        when aum_projected_month_avg < kept_floor then 'projected_month_end'
    end
{%- endmacro %}

{# Which amount says that it will rise: near the next bound on average, or there already. #}
{% macro rise_basis() -%}
    case
        when aum_month_avg >= next_bound * (1 - near_upgrade_share) then 'month_average'
        when aum_spot >= next_bound then 'spot'
        when aum_projected_month_avg >= next_bound then 'projected_month_end'
    end
{%- endmacro %}

{# What calls for an alert, one at most: what threatens comes before what beckons. #}
{% macro standing_alert() -%}
    case
        when fall_basis is not null then 'downgrade_warning'
        when rise_basis is not null then 'near_upgrade'
        when aum_month_avg < tier_floor * (1 + near_downgrade_share) then 'near_downgrade'
    end
{%- endmacro %}

{# True where the last alert of its type, if any, no longer silences another one on the day. #}
{% macro has_cooled_down(raised_date, day, cool_down_days) -%}
    (
        {{ raised_date }} is null
        or {{ dbt.datediff(raised_date, day, 'day') }} >= {{ cool_down_days }}
    )
{%- endmacro %}
