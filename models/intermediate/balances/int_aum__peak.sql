-- The highest day-end AUM of each customer in the last 365 days: running total of what each day added and took away.

with

-- An interval adds its balance on its first day and takes it away on the day after its last. One that ended before the
-- window adds nothing.
movements as (
    select
        customer_id,
        greatest(valid_from, {{ days_ago(364) }}) as movement_date,
        case when valid_to > {{ days_ago(364) }} then balance else 0 end as amount
    from {{ ref('int_aum__intervals') }}
    where in_aum

    union all

    select
        customer_id,
        valid_to as movement_date,
        -balance as amount
    from {{ ref('int_aum__intervals') }}
    where
        in_aum
        and valid_to > {{ days_ago(364) }}
        and valid_to <= {{ as_of_date() }}
),

-- The frame of a running sum ends with all rows of the same date, so each row sees the end of its day.
day_ends as (
    select
        customer_id,
        movement_date,
        sum(amount) over (partition by customer_id order by movement_date) as aum
    from movements
),

-- Before their first movement a customer had zero.
peaks as (
    select
        customer_id,
        cast(
            case when min(movement_date) > {{ days_ago(364) }} then greatest(max(aum), 0) else max(aum) end
            as decimal(28, 2)
        ) as aum_peak_365d
    from day_ends
    group by customer_id
)

select * from peaks
