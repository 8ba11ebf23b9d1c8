-- The highest day-end AUM of each customer in the last 365 days: running total of what each day added and took away.

with

-- An interval adds its balance on its first day and takes it away on the day after its last; a window begins with zero.
movements as (
    select
        customer_id,
        greatest(valid_from, {{ days_ago(364) }}) as movement_date,
        balance as amount
    from {{ ref('int_aum__intervals') }}
    where
        in_aum
        and valid_to > {{ days_ago(364) }}

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

    union all

    select distinct
        customer_id,
        {{ days_ago(364) }} as movement_date,
        cast(0 as decimal(18, 2)) as amount
    from {{ ref('int_aum__intervals') }}
    where in_aum
),

day_changes as (
    select
        customer_id,
        movement_date,
        sum(amount) as amount
    from movements
    group by customer_id, movement_date
),

day_ends as (
    select
        customer_id,
        sum(amount) over (partition by customer_id order by movement_date) as aum
    from day_changes
),

peaks as (
    select
        customer_id,
        cast(max(aum) as decimal(18, 2)) as aum_peak_365d
    from day_ends
    group by customer_id
)

select * from peaks
