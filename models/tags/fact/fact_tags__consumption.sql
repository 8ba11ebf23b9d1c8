-- What the customer spends by card, on what, where and how. Amounts are net of refunds; counts are of purchases.
with

-- Which windows the card postings cover.
customers as (
    select
        spine.*,
        {{ is_covered(['card.cards', 'card.card_transactions'], 30) }} as covers_30d,
        {{ is_covered(['card.cards', 'card.card_transactions'], 90) }} as covers_90d,
        {{ is_covered(['card.cards', 'card.card_transactions'], 365) }} as covers_365d
    from {{ ref('int_customer__spine') }} as spine
    left join {{ ref('int_source__covered_from') }} as covered on true
),

-- One row per customer: totals, and the categories that the business asks for side by side.
spending as (
    select
        customer_id,
        sum(amount_30d) as amount_30d,
        sum(amount_90d) as amount_90d,
        sum(amount_365d) as amount_365d,
        sum(purchase_count_30d) as purchase_count_30d,
        sum(purchase_count_90d) as purchase_count_90d,
        sum(purchase_amount_90d) as purchase_amount_90d,
        sum(online_amount_90d) as online_amount_90d,
        sum(cross_border_amount_365d) as cross_border_amount_365d,
        sum(cross_border_online_amount_365d) as cross_border_online_amount_365d,
        sum(instalment_purchase_count_365d) as instalment_purchase_count_365d,
        max(last_purchase_date) as last_purchase_date,
        sum(case when consumption_category = 'grocery' then amount_90d end) as grocery_amount_90d,
        sum(case when consumption_category = 'dining' then amount_90d end) as dining_amount_90d,
        sum(case when consumption_category = 'travel' then amount_90d end) as travel_amount_90d,
        sum(case when consumption_category = 'car' then amount_90d end) as car_amount_90d,
        sum(case when consumption_category = 'cinema' then amount_90d end) as cinema_amount_90d,
        sum(case when consumption_category = 'karaoke' then amount_90d end) as karaoke_amount_90d,
        sum(case when consumption_category = 'beauty' then amount_90d end) as beauty_amount_90d,
        sum(case when consumption_category = 'fitness' then amount_90d end) as fitness_amount_90d,
        sum(case when consumption_category = 'luxury' then amount_90d end) as luxury_amount_90d,
        sum(case when consumption_category = 'child' then amount_90d end) as child_amount_90d,
        sum(case when consumption_category = 'education' then amount_90d end) as education_amount_90d,
        sum(case when consumption_category = 'health' then amount_90d end) as health_amount_90d,
        sum(greatest(amount_90d, 0)) as positive_amount_90d
    from {{ ref('int_card__spending') }}
    group by customer_id
),

-- The category with the highest net amount; of equals, the one with more purchases, then the first in the alphabet.
category_ranks as (
    select
        customer_id,
        consumption_category,
        amount_90d,
        row_number() over (
            partition by customer_id
            order by amount_90d desc, purchase_count_90d desc, consumption_category asc
        ) as choice
    from {{ ref('int_card__spending') }}
    where
        amount_90d > 0
        and consumption_category <> 'other'
),

consumption as (
    select
        spine.customer_id,
        spine.as_of_date,

        -- How much, how often, when last.
        {{ measured('spending.amount_30d', covers='spine.covers_30d') }} as card_spending_amount_30d,
        {{ measured('spending.amount_90d', covers='spine.covers_90d') }} as card_spending_amount_90d,
        {{ measured('spending.amount_365d', covers='spine.covers_365d') }} as card_spending_amount_365d,
        {{ measured('spending.purchase_count_30d', 'bigint', 'spine.covers_30d') }} as card_purchase_count_30d,
        {{ measured('spending.purchase_count_90d', 'bigint', 'spine.covers_90d') }} as card_purchase_count_90d,
        case
            when spine.covers_90d
                then cast(spending.purchase_amount_90d as double) / nullif(spending.purchase_count_90d, 0)
        end as card_purchase_amount_avg_90d,
        {{ days_since('spending.last_purchase_date') }}
            as card_purchase_recency_days,

        -- On what.
        {{ measured('spending.grocery_amount_90d', covers='spine.covers_90d') }} as grocery_spending_amount_90d,
        {{ measured('spending.dining_amount_90d', covers='spine.covers_90d') }} as dining_spending_amount_90d,
        {{ measured('spending.travel_amount_90d', covers='spine.covers_90d') }} as travel_spending_amount_90d,
        {{ measured('spending.car_amount_90d', covers='spine.covers_90d') }} as car_spending_amount_90d,
        {{ measured('spending.cinema_amount_90d', covers='spine.covers_90d') }} as cinema_spending_amount_90d,
        {{ measured('spending.karaoke_amount_90d', covers='spine.covers_90d') }} as karaoke_spending_amount_90d,
        {{ measured('spending.beauty_amount_90d', covers='spine.covers_90d') }} as beauty_spending_amount_90d,
        {{ measured('spending.fitness_amount_90d', covers='spine.covers_90d') }} as fitness_spending_amount_90d,
        {{ measured('spending.luxury_amount_90d', covers='spine.covers_90d') }} as luxury_spending_amount_90d,
        {{ measured('spending.child_amount_90d', covers='spine.covers_90d') }} as child_spending_amount_90d,
        {{ measured('spending.education_amount_90d', covers='spine.covers_90d') }} as education_spending_amount_90d,
        {{ measured('spending.health_amount_90d', covers='spine.covers_90d') }} as health_spending_amount_90d,
        case when spine.covers_90d then top_categories.consumption_category end as top_consumption_category_90d,
        case
            when spine.covers_90d then cast(top_categories.amount_90d as double) / spending.positive_amount_90d
        end as top_consumption_category_share_90d,

        -- Where and how.
        {{ measured('spending.online_amount_90d', covers='spine.covers_90d') }} as online_spending_amount_90d,
        {{ measured('spending.cross_border_amount_365d', covers='spine.covers_365d') }}
            as cross_border_spending_amount_365d,
        {{ measured('spending.cross_border_online_amount_365d', covers='spine.covers_365d') }}
            as cross_border_online_spending_amount_365d,
        {{ measured('spending.instalment_purchase_count_365d', 'bigint', 'spine.covers_365d') }}
            as instalment_purchase_count_365d
    from customers as spine
    left join spending
        on spine.customer_id = spending.customer_id
    left join category_ranks as top_categories
        on
            spine.customer_id = top_categories.customer_id
            and top_categories.choice = 1
)

select * from consumption
