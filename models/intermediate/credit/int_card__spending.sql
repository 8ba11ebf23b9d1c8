-- Card spending of each customer by consumption category, in the windows that the tags need: one row per customer and
-- category. Amounts are net: a refund counts against the day it is booked, so a window can be negative.
with

-- A year of card transactions with what each was for; a merchant category that no dictionary knows is "other".
card_transactions as (
    select
        owners.customer_id,
        owners.card_type,
        postings.transaction_date,
        postings.transaction_type,
        postings.is_online,
        postings.instalments,
        coalesce(postings.merchant_country <> '{{ var("home_country") }}', false) as is_cross_border,
        coalesce(categories.consumption_category, 'other') as consumption_category,
        case
            when postings.transaction_type = 'REFUND' then -postings.amount
            else postings.amount
        end as net_amount
    from {{ ref('stg_card__card_transactions') }} as postings
    inner join {{ ref('int_card__owners') }} as owners
        on
            postings.card_id = owners.card_id
            and postings.transaction_date >= owners.valid_from
            and postings.transaction_date < owners.valid_to
    left join {{ ref('merchant_categories') }} as categories
        on postings.mcc = categories.mcc
    where {{ event_in_last_days('postings.transaction_date', 365) }}
),

spending as (
    select
        customer_id,
        consumption_category,
        sum(case when {{ in_last_days('transaction_date', 30) }} then net_amount end) as amount_30d,
        sum(case when {{ in_last_days('transaction_date', 90) }} then net_amount end) as amount_90d,
        sum(net_amount) as amount_365d,
        sum(case when is_online and {{ in_last_days('transaction_date', 90) }} then net_amount end)
            as online_amount_90d,
        sum(case when is_cross_border then net_amount end) as cross_border_amount_365d,
        sum(case when is_cross_border and is_online then net_amount end) as cross_border_online_amount_365d,
        sum(case
            when transaction_type = 'PURCHASE' and {{ in_last_days('transaction_date', 90) }} then net_amount
        end) as purchase_amount_90d,
        count(case when transaction_type = 'PURCHASE' and {{ in_last_days('transaction_date', 30) }} then 1 end)
            as purchase_count_30d,
        count(case when transaction_type = 'PURCHASE' and {{ in_last_days('transaction_date', 90) }} then 1 end)
            as purchase_count_90d,
        count(case when transaction_type = 'PURCHASE' and instalments > 1 then 1 end)
            as instalment_purchase_count_365d,
        count(case when transaction_type = 'PURCHASE' and card_type = 'CREDIT' then 1 end)
            as credit_purchase_count_365d,
        max(case when transaction_type = 'PURCHASE' then transaction_date end) as last_purchase_date
    from card_transactions
    group by customer_id, consumption_category
)

select * from spending
