{{ config(materialized='view') }}

-- The customers of the pyramid at each quarter end, ranked from the one who holds or earns the bank the least: what
-- concentration is measured on.

with

-- Profit is known for the 365 days up to the business date only, so it belongs to the latest quarter end.
amounts as (
    select
        period,
        quarter_end_date,
        'aum' as measure,
        customer_id,
        aum_month_avg as amount
    from {{ ref('int_aum__quarter_ends') }}
    where tier is not null

    union all

    select
        quarter_ends.period,
        quarter_ends.quarter_end_date,
        'profit' as measure,
        quarter_ends.customer_id,
        profits.contribution as amount
    from {{ ref('int_aum__quarter_ends') }} as quarter_ends
    inner join {{ ref('int_customer__profit') }} as profits
        on quarter_ends.customer_id = profits.customer_id
    where
        quarter_ends.tier is not null
        and profits.contribution is not null
        and quarter_ends.quarter_end_date = {{ as_of_date() }}
),

ranks as (
    select
        period,
        quarter_end_date,
        measure,
        customer_id,
        amount,
        row_number() over (partition by period, measure order by amount, customer_id) as amount_rank,
        count(*) over (partition by period, measure) as customers
    from amounts
)

select * from ranks
