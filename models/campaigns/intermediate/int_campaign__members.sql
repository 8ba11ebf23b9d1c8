-- Who was assigned to which arm, with what was known of them before: the tier and the average AUM of the days before
-- the assignment, whose own day counts for the campaign already. A person whose numbers were assigned to both arms is
-- in none: `arm` is BOTH. Balances are those of a year; where no interval stands, the balance was zero.

with

parameters as (
    select {{ parameter_value('covariate_days') }} as covariate_days
    from {{ ref('campaign_parameters') }}
    where {{ in_force() }}
),

-- One person can be assigned under several core numbers.
assigned as (
    select
        assignments.campaign_id,
        assignments.customer_id,
        case when min(assignments.arm) = max(assignments.arm) then min(assignments.arm) else 'BOTH' end as arm,
        min(assignments.assigned_date) as assigned_date
    from {{ ref('int_campaign__assignments') }} as assignments
    inner join {{ ref('int_campaign__campaigns') }} as campaigns
        on assignments.campaign_id = campaigns.campaign_id
    group by assignments.campaign_id, assignments.customer_id
),

first_touches as (
    select
        campaign_id,
        customer_id,
        min(touch_date) as first_touch_date
    from {{ ref('int_campaign__touches') }}
    where touch_status = 'sent'
    group by campaign_id, customer_id
),

-- The days that the average is made of end with the eve of the assignment.
days as (
    select
        assigned.campaign_id,
        assigned.customer_id,
        assigned.assigned_date,
        cast({{ dbt.dateadd('day', '- cast(parameters.covariate_days as int)', 'assigned.assigned_date') }} as date)
            as first_day,
        cast({{ dbt.dateadd('day', -1, 'assigned.assigned_date') }} as date) as eve,
        assigned.assigned_date as end_day
    from assigned
    cross join parameters
),

balances as (
    select
        days.campaign_id,
        days.customer_id,
        sum(case
            when intervals.valid_from <= days.eve and intervals.valid_to > days.eve
                then intervals.balance
            else 0
        end) as aum_assigned,
        sum(intervals.balance * cast(greatest(0, {{ dbt.datediff(
            'greatest(intervals.valid_from, days.first_day)', 'least(intervals.valid_to, days.end_day)', 'day'
        ) }}) as int)) as balance_days
    from days
    inner join {{ ref('int_aum__intervals') }} as intervals
        on
            days.customer_id = intervals.customer_id
            and intervals.in_aum
            and days.end_day > intervals.valid_from
    group by days.campaign_id, days.customer_id
),

measured as (
    select
        assigned.campaign_id,
        assigned.customer_id,
        assigned.arm,
        assigned.assigned_date,
        first_touches.first_touch_date,
        -- Unknown where the eve, or the days up to it, begin before the ledgers do, or these are not delivered.
        case
            when
                {{ is_covered(account_balances()) }}
                and {{ is_aum_known_on('days.eve') }}
                then cast(coalesce(balances.aum_assigned, 0) as decimal(28, 2))
        end as aum_assigned,
        case
            when
                {{ is_covered(account_balances()) }}
                and days.first_day >= greatest({{ days_ago(365) }}, coalesce(known.known_from, {{ days_ago(365) }}))
                then {{ divide_amount('coalesce(balances.balance_days, 0)', 'parameters.covariate_days') }}
        end as aum_before
    from assigned
    cross join parameters
    inner join days
        on
            assigned.campaign_id = days.campaign_id
            and assigned.customer_id = days.customer_id
    left join {{ ref('int_source__covered_from') }} as covered on true
    left join {{ ref('int_aum__known_from') }} as known
        on assigned.customer_id = known.customer_id
    left join balances
        on
            assigned.campaign_id = balances.campaign_id
            and assigned.customer_id = balances.customer_id
    left join first_touches
        on
            assigned.campaign_id = first_touches.campaign_id
            and assigned.customer_id = first_touches.customer_id
),

-- The tier bounds in force on the run's date, for the bank's base currency.
tiers as (
    {{ tiers_in_force() }}
),

members as (
    select
        measured.campaign_id,
        measured.customer_id,
        measured.arm,
        measured.assigned_date,
        measured.first_touch_date,
        measured.aum_assigned,
        measured.aum_before,
        tiers.tier
    from measured
    left join tiers
        on
            measured.aum_before is not null
            and {{ in_band('measured.aum_before', 'tiers.aum_from', 'tiers.aum_to') }}
)

select * from members
