-- What each customer had at each quarter end of the last year, and the tier it gave: the snapshots that the quarterly
-- review compares, all of them as known on the business date.

with

-- The quarter that the business date lies in, and those before it that the year of balances may reach.
quarters as (
    {% for quarters_ago in range(5) %}
        {{ 'union all' if not loop.first }}
        select cast({{ first_day_of('quarter') }} - interval '{{ 3 * quarters_ago }}' month as date) as quarter_from
    {% endfor %}
),

calendar_quarters as (
    select
        quarter_from,
        cast(quarter_from + interval '3' month - interval '1' day as date) as quarter_to
    from quarters
),

-- A quarter ends on its last day, the current one for now on the business date.
ends as (
    select
        cast(extract(year from quarter_from) as string)
        || '-Q' || cast(extract(quarter from quarter_from) as string) as period,
        least(quarter_to, {{ as_of_date() }}) as quarter_end_date,
        quarter_to <= {{ as_of_date() }} as is_complete
    from calendar_quarters
),

-- The tier goes by the daily average of the month that the quarter ends in.
months as (
    select
        period,
        quarter_end_date,
        is_complete,
        cast({{ dbt.date_trunc('month', 'quarter_end_date') }} as date) as month_from
    from ends
),

-- The balances begin 365 days back, or where the extracts do: a month that they do not cover from its first day has no
-- average, and a day without tier bounds no pyramid.
covered as (
    select months.*
    from months
    inner join {{ ref('int_source__covered_from') }} as covered_from
        on
            months.month_from >= {{ days_ago(365) }}
            and months.month_from >= covered_from.core__account_balances
            and months.month_from >= coalesce(covered_from.wealth__holdings, covered_from.core__account_balances)
    where
        exists (
            select 1
            from {{ ref('pyramid_tiers') }} as tiers
            where {{ in_force('tiers', on_date='months.quarter_end_date') }}
        )
),

balances as (
    select
        covered.quarter_end_date,
        intervals.customer_id,
        sum(case when intervals.valid_to > covered.quarter_end_date then intervals.balance else 0 end) as balance_spot,
        sum(
            intervals.balance
            * cast({{ dbt.datediff(
                'greatest(intervals.valid_from, covered.month_from)',
                "least(intervals.valid_to, cast(covered.quarter_end_date + interval '1' day as date))",
                'day'
            ) }} as int)
        ) as balance_days
    from {{ ref('int_aum__intervals') }} as intervals
    inner join covered
        on
            intervals.valid_from <= covered.quarter_end_date
            and intervals.valid_to > covered.month_from
    where intervals.in_aum
    group by covered.quarter_end_date, intervals.customer_id
),

-- Every core customer at every quarter end; without a balance they have zero. A relation is open from its first day to
-- the day before its last; one that is closed today, to yesterday at most.
snapshots as (
    select
        covered.period,
        covered.quarter_end_date,
        covered.is_complete,
        spine.customer_id,
        coalesce(spine.opened_date, spine.first_known_date) <= covered.quarter_end_date
        and (
            spine.status = 'ACTIVE'
            or coalesce(spine.closed_date > covered.quarter_end_date, false)
            and covered.quarter_end_date < {{ as_of_date() }}
        ) as is_open,
        cast(coalesce(balances.balance_spot, 0) as decimal(28, 2)) as aum_spot,
        {{ divide_amount(
            'coalesce(balances.balance_days, 0)',
            '(' ~ dbt.datediff('covered.month_from', 'covered.quarter_end_date', 'day') ~ ' + 1)'
        ) }} as aum_month_avg
    from {{ ref('int_customer__spine') }} as spine
    cross join covered
    left join balances
        on
            covered.quarter_end_date = balances.quarter_end_date
            and spine.customer_id = balances.customer_id
    where spine.is_core_customer
),

-- The tier by the bounds that were in force on that day; only customers whose balances are known have one.
quarter_ends as (
    select
        snapshots.customer_id,
        snapshots.period,
        snapshots.quarter_end_date,
        snapshots.is_complete,
        snapshots.is_open,
        snapshots.aum_spot,
        snapshots.aum_month_avg,
        tiers.tier
    from snapshots
    left join {{ ref('int_aum__known_from') }} as known
        on snapshots.customer_id = known.customer_id
    left join {{ ref('pyramid_tiers') }} as tiers
        on
            snapshots.is_open
            and {{ is_aum_known_on('snapshots.quarter_end_date') }}
            and {{ in_band('snapshots.aum_month_avg', 'tiers.aum_from', 'tiers.aum_to') }}
            and {{ in_force('tiers', on_date='snapshots.quarter_end_date') }}
)

select * from quarter_ends
