-- What customers took up within the year and a campaign may have asked for: orders, account openings, loans,
-- purchases in instalments, each with its amount, its class of margin and the days that it is held by its own term.
-- Reads the orders and card transactions of a year.

with

orders as (
    select
        orders.order_id as event_key,
        orders.customer_id,
        'order' as event_type,
        orders.order_date as event_date,
        orders.product_id,
        products.product_category,
        orders.amount,
        products.product_category as item,
        products.term_days
    from {{ ref('int_orders__by_customer') }} as orders
    inner join {{ ref('stg_core__products') }} as products
        on orders.product_id = products.product_id
    where
        orders.order_type in ('PURCHASE', 'SIP')
        and {{ event_in_last_days('orders.order_date', 365) }}
),

-- An account is worth what lay on it at the end of its first day, and was opened by who owned it then.
accounts as (
    select
        core_accounts.account_id as event_key,
        core_accounts.customer_id,
        'account_opened' as event_type,
        core_accounts.opened_date as event_date,
        core_accounts.product_id,
        products.product_category,
        coalesce({{ in_base_currency(
            'balances.balance', currency_to_convert('core_accounts.currency'), 'rates.mid_rate'
        ) }}, 0) as amount,
        products.product_category as item,
        coalesce(
            products.term_days, {{ dbt.datediff('core_accounts.opened_date', 'core_accounts.maturity_date', 'day') }}
        ) as term_days
    from {{ ref('int_accounts__owners') }} as core_accounts
    inner join {{ ref('stg_core__products') }} as products
        on core_accounts.product_id = products.product_id
    left join {{ ref('stg_core__account_balances') }} as balances
        on
            core_accounts.account_id = balances.account_id
            and core_accounts.opened_date = balances.balance_date
            and {{ event_in_last_days('balances.balance_date', 365) }}
    left join {{ ref('int_currency__rates') }} as rates
        on
            {{ currency_to_convert('core_accounts.currency') }} = rates.currency
            and core_accounts.opened_date >= rates.valid_from
            and core_accounts.opened_date < rates.valid_to
    where
        {{ in_last_days('core_accounts.opened_date', 365) }}
        and core_accounts.opened_date >= core_accounts.valid_from
        and core_accounts.opened_date < core_accounts.valid_to
),

loans as (
    select
        loans.loan_id as event_key,
        loans.customer_id,
        'loan_granted' as event_type,
        loans.granted_date as event_date,
        loans.product_id,
        products.product_category,
        loans.principal as amount,
        loans.loan_type as item,
        coalesce(
            {{ dbt.datediff('loans.granted_date', 'loans.maturity_date', 'day') }}, products.term_days
        ) as term_days
    from {{ ref('int_loans__by_customer') }} as loans
    inner join {{ ref('stg_core__products') }} as products
        on loans.product_id = products.product_id
    where {{ in_last_days('loans.granted_date', 365) }}
),

-- The product of a card is not told: its instalments count for the category. They end with the last of as many months.
instalments as (
    select
        spending.card_transaction_id as event_key,
        cards.customer_id,
        'instalment_purchase' as event_type,
        spending.transaction_date as event_date,
        cast(null as string) as product_id,
        'CREDIT_CARD' as product_category,
        spending.amount,
        'CREDIT_CARD_INSTALMENT' as item,
        cast(spending.instalments * 365 / 12 as int) as term_days
    from {{ ref('stg_card__card_transactions') }} as spending
    inner join {{ ref('int_card__owners') }} as cards
        on
            spending.card_id = cards.card_id
            and spending.transaction_date >= cards.valid_from
            and spending.transaction_date < cards.valid_to
    where
        spending.transaction_type = 'PURCHASE'
        and spending.instalments > 1
        and cards.card_type = 'CREDIT'
        and {{ event_in_last_days('spending.transaction_date', 365) }}
),

everything as (
    select * from orders
    union all
    select * from accounts
    union all
    select * from loans
    union all
    select * from instalments
),

events as (
    select
        customer_id,
        event_type,
        event_key,
        event_date,
        product_id,
        product_category,
        cast(amount as decimal(28, 2)) as amount,
        item,
        -- What ends before it begins is held no day; null is no term at all, which greatest() would pass over.
        cast(case when term_days < 0 then 0 else term_days end as int) as term_days
    from everything
)

select * from events
