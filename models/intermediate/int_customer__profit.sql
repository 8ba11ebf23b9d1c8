-- What a customer contributed to the bank's profit in the last 365 days: margins on what the customer keeps and owes,
-- and fees, less the cost of serving and the loss to expect. Rates are policy (seed profit_rates); each part is rounded
-- once, so that parts add up to the contribution to the cent.

with

-- A rate without currency holds for any base currency.
rates as (
    select
        driver,
        item,
        rate
    from {{ ref('profit_rates') }}
    where {{ in_force(by_date=false) }}
),

-- Daily average balances times the margin of their category.
category_margins as (
    select
        balances.customer_id,
        balances.aum_component,
        {{ divide_amount('balances.balance_days_365d', 365) }} * rates.rate as margin
    from {{ ref('int_aum__by_category') }} as balances
    inner join rates
        on
            rates.driver = 'balance'
            and balances.product_category = rates.item
),

balance_margins as (
    select
        customer_id,
        sum(case when aum_component = 'deposit' then margin end) as deposit_margin,
        sum(case when aum_component <> 'deposit' then margin end) as investment_margin
    from category_margins
    group by customer_id
),

-- What is owed now, and for how many days of the year: loans keep no daily balance, so today's principal stands for it.
debts as (
    select
        loan_id as exposure_id,
        'loan' as driver,
        loan_type as item,
        outstanding_principal as amount_owed,
        least(365, {{ days_since('granted_date') }} + 1) as days_owed
    from {{ ref('stg_lending__loans') }}
    where status = 'ACTIVE'

    union all

    select
        card_id as exposure_id,
        'card' as driver,
        'STATEMENT_BALANCE' as item,
        coalesce(statement_balance, 0) as amount_owed,
        365 as days_owed
    from {{ ref('stg_card__cards') }}
    where card_type = 'CREDIT'
),

-- Their margin, and the loss that their five-class grade lets expect; the grades list open cards and loans only.
credit_margins as (
    select
        grades.customer_id,
        sum({{ divide_amount('debts.amount_owed * debts.days_owed', 365) }} * margins.rate) as credit_margin,
        sum(debts.amount_owed * losses.rate) as expected_loss
    from debts
    inner join {{ ref('int_credit__risk_classes') }} as grades
        on
            debts.exposure_id = grades.exposure_id
            and debts.driver = grades.scale
    inner join rates as margins
        on
            debts.driver = margins.driver
            and debts.item = margins.item
    inner join rates as losses
        on
            losses.driver = 'loss'
            and grades.risk_class = losses.item
    group by grades.customer_id
),

-- The cost of serving goes by what is used, whoever uses it.
service_costs as (
    select
        customer_accounts.customer_id,
        customer_accounts.open_account_count * account_cost.rate
        + coalesce(windows.counter_transaction_count_365d, 0) * counter_cost.rate as servicing_cost
    from {{ ref('int_accounts__customer') }} as customer_accounts
    inner join rates as account_cost
        on account_cost.driver = 'cost' and account_cost.item = 'ACCOUNT'
    inner join rates as counter_cost
        on counter_cost.driver = 'cost' and counter_cost.item = 'COUNTER_TRANSACTION'
    left join {{ ref('int_transactions__windows_365d') }} as windows
        on customer_accounts.customer_id = windows.customer_id
),

parts as (
    select
        spine.customer_id,
        cast(coalesce(balance_margins.deposit_margin, 0) as decimal(18, 2)) as deposit_margin,
        cast(coalesce(balance_margins.investment_margin, 0) as decimal(18, 2)) as investment_margin,
        cast(coalesce(credit_margins.credit_margin, 0) as decimal(18, 2)) as credit_margin,
        cast(coalesce(windows.fee_paid_amount_365d, 0) as decimal(18, 2)) as fees,
        cast(coalesce(service_costs.servicing_cost, 0) as decimal(18, 2)) as servicing_cost,
        cast(coalesce(credit_margins.expected_loss, 0) as decimal(18, 2)) as expected_loss
    from {{ ref('int_customer__spine') }} as spine
    left join balance_margins
        on spine.customer_id = balance_margins.customer_id
    left join credit_margins
        on spine.customer_id = credit_margins.customer_id
    left join {{ ref('int_transactions__windows_365d') }} as windows
        on spine.customer_id = windows.customer_id
    left join service_costs
        on spine.customer_id = service_costs.customer_id
    where spine.is_core_customer
),

profits as (
    select
        customer_id,
        deposit_margin,
        investment_margin,
        credit_margin,
        fees,
        servicing_cost,
        expected_loss,
        deposit_margin + investment_margin + credit_margin + fees - servicing_cost - expected_loss as contribution
    from parts
)

select * from profits
