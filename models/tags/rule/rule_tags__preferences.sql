-- What a customer prefers: channel, product, kind of investment, kind of spending. A preference is the item with the
-- highest weighted share of what is seen (seed preference_weights), where enough is seen and the share is large enough.

with

-- The thresholds in force as one row. Amounts that have none for the base currency are null, and so are their tags.
thresholds as (
    select
        {{ threshold('preferred_channel_90d', 'transaction_count_from') }} as channel_support_from,
        {{ threshold('preferred_channel_90d', 'share_from') }} as channel_share_from,
        {{ threshold('preferred_product', 'observation_count_from') }} as product_support_from,
        {{ threshold('preferred_product', 'share_from') }} as product_share_from,
        {{ threshold('preferred_wealth_type', 'observation_count_from') }} as wealth_support_from,
        {{ threshold('preferred_wealth_type', 'share_from') }} as wealth_share_from,
        {{ threshold('preferred_consumption_90d', 'purchase_count_from') }} as spending_support_from,
        {{ threshold('preferred_consumption_90d', 'share_from') }} as spending_share_from,
        {{ threshold('has_local_life_preference_90d', 'spending_share_from') }} as local_life_share_from,
        {{ threshold('has_cross_border_online_preference_365d', 'spending_from') }} as cross_border_spending_from,
        {{ threshold('has_instalment_preference_365d', 'purchase_count_from') }} as instalment_count_from
    from {{ ref('rule_thresholds') }}
    where {{ in_force() }}
),

{{ preference_shares() }},

-- What is seen of today's customers, and whether it is enough to speak of a preference.
seen as (
    select
        demographics.customer_id,
        consumption.card_spending_amount_90d as card_spending,
        transaction_tags.digital_transaction_count_90d
        + transaction_tags.counter_transaction_count_90d
        + transaction_tags.atm_transaction_count_90d
        >= thresholds.channel_support_from as has_channel_support,
        products.product_category_count
        + products.investment_purchase_count_90d
        + digital.loan_application_started_count_90d
        + digital.card_application_started_count_90d
        >= thresholds.product_support_from as has_product_support,
        cast(products.has_wealth_product as int)
        + cast(products.has_fund as int)
        + cast(products.has_insurance as int)
        + cast(products.has_precious_metal as int)
        + cast(products.has_trust as int)
        + cast(products.has_structured_deposit as int)
        + products.investment_purchase_count_90d
        >= thresholds.wealth_support_from as has_wealth_support,
        consumption.card_purchase_count_90d >= thresholds.spending_support_from as has_spending_support,
        -- Shops, food, film, song and beauty make up much of the spending.
        consumption.grocery_spending_amount_90d
        + consumption.dining_spending_amount_90d
        + consumption.cinema_spending_amount_90d
        + consumption.karaoke_spending_amount_90d
        + consumption.beauty_spending_amount_90d
        >= consumption.card_spending_amount_90d * thresholds.local_life_share_from as is_local_life,
        consumption.cross_border_online_spending_amount_365d >= thresholds.cross_border_spending_from as is_abroad,
        consumption.instalment_purchase_count_365d >= thresholds.instalment_count_from as pays_in_instalments
    from {{ ref('fact_tags__demographics') }} as demographics
    left join {{ ref('fact_tags__transactions') }} as transaction_tags
        on demographics.customer_id = transaction_tags.customer_id
    left join {{ ref('fact_tags__products') }} as products
        on demographics.customer_id = products.customer_id
    left join {{ ref('fact_tags__digital') }} as digital
        on demographics.customer_id = digital.customer_id
    left join {{ ref('fact_tags__consumption') }} as consumption
        on demographics.customer_id = consumption.customer_id
    cross join thresholds
    where demographics.relationship_status = 'active'
),

-- The items that are preferred at all.
choices as (
    select
        shares.customer_id,
        shares.preference,
        shares.item,
        shares.item_share,
        shares.place
    from shares
    inner join seen
        on shares.customer_id = seen.customer_id
    cross join thresholds
    where
        case shares.preference
            when 'channel' then seen.has_channel_support and shares.item_share >= thresholds.channel_share_from
            when 'product' then seen.has_product_support and shares.item_share >= thresholds.product_share_from
            when 'wealth_type' then seen.has_wealth_support and shares.item_share >= thresholds.wealth_share_from
            when 'consumption' then seen.has_spending_support and shares.item_share >= thresholds.spending_share_from
        end
),

preferred as (
    select
        customer_id,
        max(case when preference = 'channel' and place = 1 then item end) as first_channel,
        max(case when preference = 'channel' and place = 1 then item_share end) as first_channel_share,
        max(case when preference = 'product' and place = 1 then item end) as first_product,
        max(case when preference = 'product' and place = 2 then item end) as second_product,
        max(case when preference = 'wealth_type' and place = 1 then item end) as first_wealth_type,
        max(case when preference = 'wealth_type' and place = 1 then item_share end) as first_wealth_type_share,
        max(case when preference = 'wealth_type' and place = 2 then item end) as second_wealth_type,
        max(case when preference = 'consumption' and place = 1 then item end) as first_consumption,
        max(case when preference = 'consumption' and place = 1 then item_share end) as first_consumption_share,
        max(case when preference = 'consumption' and place = 2 then item end) as second_consumption,
        max(case when preference = 'consumption' and place = 3 then item end) as third_consumption,
        count(case when preference = 'consumption' and place <= 3 and item = 'travel' then 1 end) as travels,
        count(case when preference = 'consumption' and place <= 3 and item = 'dining' then 1 end) as dines,
        count(case when preference = 'consumption' and place <= 3 and item = 'fitness' then 1 end) as trains
    from choices
    group by customer_id
),

preferences as (
    select
        spine.customer_id,
        spine.as_of_date,
        -- 渠道偏好.
        preferred.first_channel as preferred_channel_90d,
        preferred.first_channel_share as preferred_channel_share_90d,
        -- 产品偏好.
        preferred.first_product as preferred_product,
        preferred.second_product,
        -- 理财类型偏好.
        preferred.first_wealth_type as preferred_wealth_type,
        preferred.first_wealth_type_share as preferred_wealth_type_share,
        preferred.second_wealth_type,
        -- 消费偏好.
        preferred.first_consumption as preferred_consumption_90d,
        preferred.first_consumption_share as preferred_consumption_share_90d,
        preferred.second_consumption as second_consumption_90d,
        preferred.third_consumption as third_consumption_90d,
        -- 旅游、餐饮、健身偏好: among the first three kinds of spending.
        case when seen.has_spending_support then coalesce(preferred.travels, 0) > 0 end as has_travel_preference_90d,
        case when seen.has_spending_support then coalesce(preferred.dines, 0) > 0 end as has_dining_preference_90d,
        case when seen.has_spending_support then coalesce(preferred.trains, 0) > 0 end as has_fitness_preference_90d,
        -- 本地生活偏好.
        case when seen.has_spending_support and seen.card_spending > 0 then seen.is_local_life end
            as has_local_life_preference_90d,
        -- 海淘偏好: buys online at merchants abroad.
        seen.is_abroad as has_cross_border_online_preference_365d,
        -- 分期偏好: pays in instalments again and again.
        seen.pays_in_instalments as has_instalment_preference_365d
    from {{ ref('int_customer__spine') }} as spine
    left join seen
        on spine.customer_id = seen.customer_id
    left join preferred
        on spine.customer_id = preferred.customer_id
)

select * from preferences
