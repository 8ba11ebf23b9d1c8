-- What each customer held at the end of each of the last 365 days, by component, as known today (DECISIONS 56). A view
-- over balance intervals: storage grows with changes, not with days.

{{ config(materialized='view') }}

with

days as (
    select {{ each_day(days_ago(364), as_of_date()) }} as balance_date
),

aum_daily as (
    select
        intervals.customer_id,
        days.balance_date,
        intervals.aum_component,
        intervals.in_aum,
        cast(sum(intervals.balance) as decimal(28, 2)) as balance
    from {{ ref('aum_intervals') }} as intervals
    inner join days
        on
            intervals.valid_from <= days.balance_date
            and intervals.valid_to > days.balance_date
    group by intervals.customer_id, days.balance_date, intervals.aum_component, intervals.in_aum
)

select * from aum_daily
