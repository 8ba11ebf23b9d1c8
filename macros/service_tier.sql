{# The rules of the service tier (服务层级), one date at a time. They stand here because the history log runs them for the date of
   the run and analysis tier_simulation for each day of the year past: what is simulated is what would happen.

   They read, for one customer:
     is_open          whether he is a customer on the day
     measured_rank    rank of the tier of his month-average AUM; null = unknown
     aum_month_avg    that average
     previous_rank    rank of the tier that the rules gave him the day before; null = none
     kept_floor       what the average may fall to without endangering that tier
     below_since      first day of the stretch below that floor; null = not below
     grace_days       how long it must last #}

{# What the average may fall to without endangering a tier (保级线): its floor, less the hysteresis. #}
{% macro kept_floor(tier_floor, hysteresis_share) -%}
    cast({{ tier_floor }} * (1 - {{ hysteresis_share }}) as decimal(18, 2))
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
