-- What a customer holds, and what the customer bought lately.

with

-- What each measure rests on: a category on the ledger that its dictionary row names
-- (product_categories.balance_source), the number of categories on all of them.
customers as (
    select
        spine.*,
        {{ is_covered(['core.accounts']) }} as covers_accounts,
        {{ is_covered(account_balances()) }}
        and {{ is_aum_known_on(as_of_date()) }} as covers_deposits,
        {{ is_covered(holdings()) }}
        and {{ is_aum_known_on(as_of_date()) }} as covers_holdings,
        {{ is_covered(['lending.loans']) }} as covers_loans,
        {{ is_covered(['card.cards']) }} as covers_cards,
        {{ is_covered([
            'core.accounts', 'core.account_balances', 'core.products', 'wealth.holdings', 'lending.loans', 'card.cards'
        ]) }}
        and {{ is_aum_known_on(as_of_date()) }} as covers_categories,
        {{ is_covered(['wealth.orders', 'core.products'], 90) }} as covers_orders_90d
    from {{ ref('int_customer__spine') }} as spine
    left join {{ ref('int_source__covered_from') }} as covered on true
    left join {{ ref('int_aum__known_from') }} as known
        on spine.customer_id = known.customer_id
),

-- One row a customer: units held of each category, and the number of categories.
held as (
    select
        customer_id,
        count(*) as category_count,
        sum(case when product_category = 'DEMAND_DEPOSIT' then units_held end) as demand_deposit_count,
        sum(case when product_category = 'TIME_DEPOSIT' then units_held end) as time_deposit_count,
        sum(case when product_category = 'STRUCTURED_DEPOSIT' then units_held end) as structured_deposit_count,
        sum(case when product_category = 'WEALTH_PRODUCT' then units_held end) as wealth_product_count,
        sum(case when product_category = 'FUND' then units_held end) as fund_count,
        sum(case when product_category = 'INSURANCE' then units_held end) as insurance_count,
        sum(case when product_category = 'PRECIOUS_METAL' then units_held end) as precious_metal_count,
        sum(case when product_category = 'TRUST' then units_held end) as trust_count,
        sum(case when product_category = 'CUSTODY_SECURITIES' then units_held end) as custody_count,
        sum(case when product_category = 'LOAN' then units_held end) as loan_count,
        sum(case when product_category = 'CREDIT_CARD' then units_held end) as credit_card_count
    from {{ ref('int_products__held') }}
    group by customer_id
),

debit_cards as (
    select
        customer_id,
        count(*) as debit_card_count
    from {{ ref('int_cards__by_customer') }}
    where
        card_type = 'DEBIT'
        and is_open
    group by customer_id
),

-- Orders of products that the bank knows: those of another one have no category.
recent_orders as (
    select
        customer_id,
        order_date,
        order_type,
        product_category,
        amount,
        order_type in ('PURCHASE', 'SIP') as is_purchase,
        {{ in_last_days('order_date', 90) }} as is_in_90d
    from {{ ref('int_orders__by_customer') }}
    where has_known_product
),

purchases as (
    select
        customer_id,
        count(case when is_purchase and is_in_90d then 1 end) as investment_purchase_count_90d,
        sum(case when is_purchase and is_in_90d then amount end) as investment_purchase_amount_90d,
        sum(case when order_type = 'REDEMPTION' and is_in_90d then amount end) as investment_redemption_amount_90d,
        count(case when is_purchase and product_category = 'WEALTH_PRODUCT' and is_in_90d then 1 end)
            as wealth_purchase_count_90d,
        max(case when is_purchase and product_category = 'WEALTH_PRODUCT' then order_date end)
            as wealth_purchase_last_date,
        count(case when is_purchase and product_category = 'FUND' and is_in_90d then 1 end) as fund_purchase_count_90d,
        count(case when order_type = 'SIP' and is_in_90d then 1 end) as sip_order_count_90d
    from recent_orders
    group by customer_id
),

products as (
    select
        spine.customer_id,
        spine.as_of_date,

        -- Cards.
        {{ measured('held.credit_card_count', 'bigint', 'spine.covers_cards') }} > 0 as is_credit_card_holder,
        {{ measured('debit_cards.debit_card_count', 'bigint', 'spine.covers_cards') }} > 0 as is_debit_card_holder,

        -- Categories held.
        {{ measured('held.category_count', 'bigint', 'spine.covers_categories') }} as product_category_count,
        {{ measured('held.category_count', 'bigint', 'spine.covers_categories') }} = 1 as is_single_product,
        {{ measured('held.demand_deposit_count', 'bigint', 'spine.covers_deposits') }} > 0 as has_demand_deposit,
        {{ measured('held.time_deposit_count', 'bigint', 'spine.covers_deposits') }} > 0 as has_time_deposit,
        {{ measured('held.structured_deposit_count', 'bigint', 'spine.covers_holdings') }} > 0
            as has_structured_deposit,
        {{ measured('held.wealth_product_count', 'bigint', 'spine.covers_holdings') }} > 0 as has_wealth_product,
        {{ measured('held.fund_count', 'bigint', 'spine.covers_holdings') }} > 0 as has_fund,
        {{ measured('held.insurance_count', 'bigint', 'spine.covers_holdings') }} > 0 as has_insurance,
        {{ measured('held.precious_metal_count', 'bigint', 'spine.covers_holdings') }} > 0 as has_precious_metal,
        {{ measured('held.trust_count', 'bigint', 'spine.covers_holdings') }} > 0 as has_trust,
        {{ measured('held.custody_count', 'bigint', 'spine.covers_holdings') }} > 0 as has_custody_securities,
        {{ measured('held.loan_count', 'bigint', 'spine.covers_loans') }} > 0 as has_loan,
        {{ measured('held.wealth_product_count', 'bigint', 'spine.covers_holdings') }} as wealth_product_count,
        {{ measured('held.fund_count', 'bigint', 'spine.covers_holdings') }} as fund_product_count,
        {{ measured('held.insurance_count', 'bigint', 'spine.covers_holdings') }} as insurance_product_count,

        -- Accounts.
        {{ measured('customer_accounts.open_account_count', 'bigint', 'spine.covers_accounts') }} as account_count,
        {{ measured('customer_accounts.frozen_account_count', 'bigint', 'spine.covers_accounts') }} > 0
            as has_frozen_account,
        {{ measured('customer_accounts.dormant_account_count', 'bigint', 'spine.covers_accounts') }} > 0
            as has_dormant_account,
        customer_accounts.first_opened_date as account_first_opened_date,
        customer_accounts.next_maturity_date as time_deposit_next_maturity_date,
        -{{ days_since('customer_accounts.next_maturity_date') }} as time_deposit_next_maturity_days,
        {{ measured('customer_accounts.next_maturity_amount', covers='spine.covers_deposits') }}
            as time_deposit_next_maturity_amount,

        -- Orders.
        {{ measured('purchases.wealth_purchase_count_90d', 'bigint', 'spine.covers_orders_90d') }}
            as wealth_purchase_count_90d,
        {{ days_since('purchases.wealth_purchase_last_date') }} as wealth_purchase_recency_days,
        {{ measured('purchases.fund_purchase_count_90d', 'bigint', 'spine.covers_orders_90d') }}
            as fund_purchase_count_90d,
        {{ measured('purchases.sip_order_count_90d', 'bigint', 'spine.covers_orders_90d') }} as sip_order_count_90d,
        {{ measured('purchases.investment_purchase_count_90d', 'bigint', 'spine.covers_orders_90d') }}
            as investment_purchase_count_90d,
        {{ measured('purchases.investment_purchase_amount_90d', covers='spine.covers_orders_90d') }}
            as investment_purchase_amount_90d,
        {{ measured('purchases.investment_redemption_amount_90d', covers='spine.covers_orders_90d') }}
            as investment_redemption_amount_90d
    from customers as spine
    left join held
        on spine.customer_id = held.customer_id
    left join debit_cards
        on spine.customer_id = debit_cards.customer_id
    left join {{ ref('int_accounts__customer') }} as customer_accounts
        on spine.customer_id = customer_accounts.customer_id
    left join purchases
        on spine.customer_id = purchases.customer_id
)

select * from products
