-- Tags of the card centre (信用卡中心): whom to keep. The same name as at the wealth desk, another meaning: both stand.

with

derived_tags as (
    select
        tags.customer_id,
        tags.as_of_date,
        -- 优质客户, as the card centre sees it: spends much by card, and is not overdue.
        tags.card_spending_amount_365d >= 60000 and tags.card_days_past_due_max = 0 as card_centre__is_prime_customer
    from {{ ref('standard_tags') }} as tags
)

select * from derived_tags
