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
        {{ threshold('preferred_consumption_90d', 'purchase_count_from') }} as consumption_support_from,
        {{ threshold('preferred_consumption_90d', 'share_from') }} as consumption_share_from,
        {{ threshold('has_local_life_preference_90d', 'spending_share_from') }} as local_life_share_from,
        {{ threshold('has_cross_border_online_preference_365d', 'spending_from') }} as cross_border_spending_from,
        {{ threshold('has_instalment_preference_365d', 'purchase_count_from') }} as instalment_count_from
    from {{ ref('rule_thresholds') }}
    where {{ in_force() }}
),

weights as (
    select
        preference,
        signal,
        item,
        tag_code,
        weight,
        tie_order
    from {{ ref('preference_weights') }}
    where {{ in_force(by_currency=false) }}
),

-- What is seen of today's customers. Holdings count once each, as 1 or 0; an unknown one as null.
facts as (
    select
        demographics.customer_id,

        -- Channel.
        transaction_tags.digital_transaction_count_90d,
        transaction_tags.counter_transaction_count_90d,
        transaction_tags.atm_transaction_count_90d,

        -- Holdings.
        cast(products.has_wealth_product as int) as wealth_product_held,
        cast(products.has_fund as int) as fund_held,
        cast(products.has_insurance as int) as insurance_held,
        cast(products.has_precious_metal as int) as precious_metal_held,
        cast(products.has_trust as int) as trust_held,
        cast(products.has_structured_deposit as int) as structured_deposit_held,
        cast(products.has_time_deposit as int) as time_deposit_held,
        cast(products.has_custody_securities as int) as custody_securities_held,
        cast(products.has_loan as int) as loan_held,
        cast(products.is_credit_card_holder as int) as credit_card_held,
        products.product_category_count,
        aum.aum_wealth_spot,
        aum.aum_fund_spot,
        aum.aum_insurance_spot,
        aum.aum_metal_spot,
        aum.aum_trust_spot,
        aum.aum_structured_spot,

        -- Purchases and applications.
        products.wealth_purchase_count_90d,
        products.fund_purchase_count_90d,
        products.investment_purchase_count_90d,
        digital.loan_application_started_count_90d,
        digital.card_application_started_count_90d,

        -- Pages.
        digital.wealth_page_view_count_30d,
        digital.fund_page_view_count_30d,
        digital.insurance_page_view_count_30d,
        digital.loan_page_view_count_30d,
        digital.card_page_view_count_30d,

        -- Spending.
        consumption.card_purchase_count_90d,
        consumption.card_spending_amount_90d,
        consumption.travel_spending_amount_90d,
        consumption.dining_spending_amount_90d,
        consumption.fitness_spending_amount_90d,
        consumption.cinema_spending_amount_90d,
        consumption.karaoke_spending_amount_90d,
        consumption.beauty_spending_amount_90d,
        consumption.child_spending_amount_90d,
        consumption.education_spending_amount_90d,
        consumption.luxury_spending_amount_90d,
        consumption.car_spending_amount_90d,
        consumption.grocery_spending_amount_90d,
        consumption.health_spending_amount_90d,
        consumption.cross_border_online_spending_amount_365d,
        consumption.instalment_purchase_count_365d
    from {{ ref('fact_tags__demographics') }} as demographics
    left join {{ ref('fact_tags__transactions') }} as transaction_tags
        on demographics.customer_id = transaction_tags.customer_id
    left join {{ ref('fact_tags__products') }} as products
        on demographics.customer_id = products.customer_id
    left join {{ ref('fact_tags__aum') }} as aum
        on demographics.customer_id = aum.customer_id
    left join {{ ref('fact_tags__digital') }} as digital
        on demographics.customer_id = digital.customer_id
    left join {{ ref('fact_tags__consumption') }} as consumption
        on demographics.customer_id = consumption.customer_id
    where demographics.relationship_status = 'active'
),

-- One row a customer and weight: the value of the fact tag that the weight names.
measures as (
    select
        facts.customer_id,
        weights.preference,
        weights.signal,
        weights.item,
        weights.weight,
        weights.tie_order,
        cast(case weights.tag_code
            when 'digital_transaction_count_90d' then facts.digital_transaction_count_90d
            when 'counter_transaction_count_90d' then facts.counter_transaction_count_90d
            when 'atm_transaction_count_90d' then facts.atm_transaction_count_90d
            when 'has_wealth_product' then facts.wealth_product_held
            when 'has_fund' then facts.fund_held
            when 'has_insurance' then facts.insurance_held
            when 'has_precious_metal' then facts.precious_metal_held
            when 'has_trust' then facts.trust_held
            when 'has_structured_deposit' then facts.structured_deposit_held
            when 'has_time_deposit' then facts.time_deposit_held
            when 'has_custody_securities' then facts.custody_securities_held
            when 'has_loan' then facts.loan_held
            when 'is_credit_card_holder' then facts.credit_card_held
            when 'aum_wealth_spot' then facts.aum_wealth_spot
            when 'aum_fund_spot' then facts.aum_fund_spot
            when 'aum_insurance_spot' then facts.aum_insurance_spot
            when 'aum_metal_spot' then facts.aum_metal_spot
            when 'aum_trust_spot' then facts.aum_trust_spot
            when 'aum_structured_spot' then facts.aum_structured_spot
            when 'wealth_purchase_count_90d' then facts.wealth_purchase_count_90d
            when 'fund_purchase_count_90d' then facts.fund_purchase_count_90d
            when 'loan_application_started_count_90d' then facts.loan_application_started_count_90d
            when 'card_application_started_count_90d' then facts.card_application_started_count_90d
            when 'wealth_page_view_count_30d' then facts.wealth_page_view_count_30d
            when 'fund_page_view_count_30d' then facts.fund_page_view_count_30d
            when 'insurance_page_view_count_30d' then facts.insurance_page_view_count_30d
            when 'loan_page_view_count_30d' then facts.loan_page_view_count_30d
            when 'card_page_view_count_30d' then facts.card_page_view_count_30d
            when 'travel_spending_amount_90d' then facts.travel_spending_amount_90d
            when 'dining_spending_amount_90d' then facts.dining_spending_amount_90d
            when 'fitness_spending_amount_90d' then facts.fitness_spending_amount_90d
            when 'cinema_spending_amount_90d' then facts.cinema_spending_amount_90d
            when 'karaoke_spending_amount_90d' then facts.karaoke_spending_amount_90d
            when 'beauty_spending_amount_90d' then facts.beauty_spending_amount_90d
            when 'child_spending_amount_90d' then facts.child_spending_amount_90d
            when 'education_spending_amount_90d' then facts.education_spending_amount_90d
            when 'luxury_spending_amount_90d' then facts.luxury_spending_amount_90d
            when 'car_spending_amount_90d' then facts.car_spending_amount_90d
            when 'grocery_spending_amount_90d' then facts.grocery_spending_amount_90d
            when 'health_spending_amount_90d' then facts.health_spending_amount_90d
        end as decimal(28, 2)) as measure
    from facts
    cross join weights
),

-- The preferences of which every measure is known: what is unknown might be preferred to all that is seen.
known_preferences as (
    select
        customer_id,
        preference
    from measures
    group by customer_id, preference
    having count(*) = count(measure)
),

-- An item's share of its signal. Net spending below zero, more refunds than purchases, speaks for nothing. Decimals,
-- whose sums are the same in any order of the rows: at a tie the last digit of a share would follow that of doubles.
signal_shares as (
    select
        customer_id,
        preference,
        item,
        tie_order,
        cast(
            weight * cast(measure as double)
            / cast(sum(measure) over (partition by customer_id, preference, signal) as double)
            as decimal(18, 12)
        ) as weighted_share
    from measures
    where measure > 0
),

scores as (
    select
        customer_id,
        preference,
        item,
        tie_order,
        sum(weighted_share) as score
    from signal_shares
    group by customer_id, preference, item, tie_order
),

-- The weighted shares of a customer's items add up to one, whatever signals speak.
shares as (
    select
        customer_id,
        preference,
        item,
        tie_order,
        round(
            cast(score as double) / cast(sum(score) over (partition by customer_id, preference) as double), 6
        ) as item_share
    from scores
),

-- Whether enough is seen of the customer to speak of a preference.
supports as (
    select
        facts.customer_id,
        facts.digital_transaction_count_90d + facts.counter_transaction_count_90d + facts.atm_transaction_count_90d
        >= thresholds.channel_support_from as has_channel_support,
        facts.product_category_count
        + facts.investment_purchase_count_90d
        + facts.loan_application_started_count_90d
        + facts.card_application_started_count_90d
        >= thresholds.product_support_from as has_product_support,
        facts.wealth_product_held
        + facts.fund_held
        + facts.insurance_held
        + facts.precious_metal_held
        + facts.trust_held
        + facts.structured_deposit_held
        + facts.investment_purchase_count_90d
        >= thresholds.wealth_support_from as has_wealth_support,
        facts.card_purchase_count_90d >= thresholds.consumption_support_from as has_consumption_support
    from facts
    cross join thresholds
),

-- The items that are preferred at all, in order. The tie rule: the higher share first, of equals the lower tie_order.
choices as (
    select
        shares.customer_id,
        shares.preference,
        shares.item,
        shares.item_share,
        row_number() over (
            partition by shares.customer_id, shares.preference
            order by shares.item_share desc, shares.tie_order asc
        ) as choice
    from shares
    inner join known_preferences
        on
            shares.customer_id = known_preferences.customer_id
            and shares.preference = known_preferences.preference
    inner join supports
        on shares.customer_id = supports.customer_id
    cross join thresholds
    where
        case shares.preference
            when 'channel'
                then supports.has_channel_support and shares.item_share >= thresholds.channel_share_from
            when 'product'
                then supports.has_product_support and shares.item_share >= thresholds.product_share_from
            when 'wealth_type'
                then supports.has_wealth_support and shares.item_share >= thresholds.wealth_share_from
            when 'consumption'
                then supports.has_consumption_support and shares.item_share >= thresholds.consumption_share_from
        end
),

preferred as (
    select
        customer_id,
        max(case when preference = 'channel' and choice = 1 then item end) as first_channel,
        max(case when preference = 'channel' and choice = 1 then item_share end) as first_channel_share,
        max(case when preference = 'product' and choice = 1 then item end) as first_product,
        max(case when preference = 'product' and choice = 2 then item end) as second_product,
        max(case when preference = 'wealth_type' and choice = 1 then item end) as first_wealth_type,
        max(case when preference = 'wealth_type' and choice = 1 then item_share end) as first_wealth_type_share,
        max(case when preference = 'wealth_type' and choice = 2 then item end) as second_wealth_type,
        max(case when preference = 'consumption' and choice = 1 then item end) as first_consumption,
        max(case when preference = 'consumption' and choice = 1 then item_share end) as first_consumption_share,
        max(case when preference = 'consumption' and choice = 2 then item end) as second_consumption,
        max(case when preference = 'consumption' and choice = 3 then item end) as third_consumption,
        count(case when preference = 'consumption' and choice <= 3 and item = 'travel' then 1 end) as travel_choices,
        count(case when preference = 'consumption' and choice <= 3 and item = 'dining' then 1 end) as dining_choices,
        count(case when preference = 'consumption' and choice <= 3 and item = 'fitness' then 1 end) as fitness_choices
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
        case when supports.has_consumption_support then coalesce(preferred.travel_choices, 0) > 0 end
            as has_travel_preference_90d,
        case when supports.has_consumption_support then coalesce(preferred.dining_choices, 0) > 0 end
            as has_dining_preference_90d,
        case when supports.has_consumption_support then coalesce(preferred.fitness_choices, 0) > 0 end
            as has_fitness_preference_90d,

        -- 本地生活偏好: shops, food, film, song and beauty make up much of the spending.
        case
            when supports.has_consumption_support and facts.card_spending_amount_90d > 0
                then
                    facts.grocery_spending_amount_90d
                    + facts.dining_spending_amount_90d
                    + facts.cinema_spending_amount_90d
                    + facts.karaoke_spending_amount_90d
                    + facts.beauty_spending_amount_90d
                    >= facts.card_spending_amount_90d * thresholds.local_life_share_from
        end as has_local_life_preference_90d,

        -- 海淘偏好: buys online at merchants abroad.
        facts.cross_border_online_spending_amount_365d >= thresholds.cross_border_spending_from
            as has_cross_border_online_preference_365d,

        -- 分期偏好: pays in instalments again and again.
        facts.instalment_purchase_count_365d >= thresholds.instalment_count_from as has_instalment_preference_365d
    from {{ ref('int_customer__spine') }} as spine
    left join facts
        on spine.customer_id = facts.customer_id
    left join supports
        on spine.customer_id = supports.customer_id
    left join preferred
        on spine.customer_id = preferred.customer_id
    cross join thresholds
)

select * from preferences
