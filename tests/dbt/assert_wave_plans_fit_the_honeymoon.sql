{{ printed_rows() }}

-- Each wave in force is due in the honeymoon, at an age that a rule of its stage bounds, and later than the one before.
with thresholds as (
    select {{ threshold('is_in_honeymoon', 'tenure_days_below') }} as honeymoon_days
    from {{ ref('rule_thresholds') }}
    where {{ in_force() }}
),

waves as (
    select
        *,
        lag(day_offset) over (partition by plan order by wave) as previous_day_offset
    from {{ ref('wave_plans') }}
    where {{ in_force(by_currency=false) }}
),

stages as (
    select
        stage,
        tenure_days_from,
        tenure_days_to
    from {{ ref('lifecycle_rules') }}
    where
        {{ in_force(by_currency=false) }}
        and (tenure_days_from is not null or tenure_days_to is not null)
),

judged as (
    select
        waves.plan,
        waves.wave,
        case
            when waves.day_offset >= thresholds.honeymoon_days then 'is due after the honeymoon'
            when waves.day_offset <= waves.previous_day_offset then 'is not due later than the wave before it'
            when
                not exists (
                    select 1 from stages
                    where
                        stages.stage = waves.stage
                        and {{ in_band('waves.day_offset', 'stages.tenure_days_from', 'stages.tenure_days_to') }}
                ) then 'is due when customers are in another stage than ' || waves.stage
        end as problem
    from waves
    cross join thresholds
)

select
    *,
    'correct day_offset or stage in seeds/policy/lifecycle/wave_plans.csv' as remedy
from judged
where problem is not null
