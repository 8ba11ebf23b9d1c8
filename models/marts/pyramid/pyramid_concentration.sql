-- How much of the bank's AUM and profit hangs on few customers: shares of the largest, and the Gini coefficient.

with

-- Of 250 customers the top 1 % are the three largest: whole customers, rounded up.
totals as (
    select
        period,
        quarter_end_date,
        measure,
        customers,
        sum(amount) as amount,
        sum(case when (customers - amount_rank) * 100 < customers * 1 then amount else 0 end) as top_1_amount,
        sum(case when (customers - amount_rank) * 100 < customers * 5 then amount else 0 end) as top_5_amount,
        sum(case when (customers - amount_rank) * 100 < customers * 10 then amount else 0 end) as top_10_amount,
        sum(amount_rank * amount) as ranked_amount
    from {{ ref('int_pyramid__ranks') }}
    group by period, quarter_end_date, measure, customers
),

-- Gini = 2 × Σ rank × amount ÷ (customers × Σ amount) − (customers + 1) ÷ customers: 0 = all hold the same, 1 = one
-- holds everything. Of profit there is none, because losses have no place in it (DECISIONS 49).
pyramid_concentration as (
    select
        period,
        quarter_end_date as closing_date,
        measure,
        customers,
        cast(amount as decimal(28, 2)) as amount,
        cast(top_1_amount as double) / nullif(cast(amount as double), 0) as top_1_share,
        cast(top_5_amount as double) / nullif(cast(amount as double), 0) as top_5_share,
        cast(top_10_amount as double) / nullif(cast(amount as double), 0) as top_10_share,
        case
            when measure = 'aum'
                then
                    2 * cast(ranked_amount as double) / nullif(customers * cast(amount as double), 0)
                    - cast(customers + 1 as double) / customers
        end as gini,
        {{ as_of_date() }} as as_of_date
    from totals
)

select * from pyramid_concentration
