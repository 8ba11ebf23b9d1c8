-- What a customer contributed to the bank's profit in the last 365 days: margins on what the customer keeps and owes,
-- and fees, less the cost of serving and the loss to expect (DECISIONS 22). Rates are policy (seed profit_rates); each
-- part is rounded once, so that parts add up to the contribution to the cent. A part that the sources do not cover for
-- the year is null.

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

-- Their margin, and the loss that their five-class grade lets expect; the grades list open cards and loans only. Of one
-- whose class is unknown no loss can be told.
credit_margins as (
    select
        grades.customer_id,
        sum(
            {{ divide_amount('cast(debts.amount_owed as decimal(28, 2)) * debts.days_owed', 365) }} * margins.rate
        ) as credit_margin,
        sum(cast(debts.amount_owed as decimal(28, 2)) * losses.rate) as expected_loss,
        count(losses.rate) = count(*) as is_every_loss_known
    from debts
    inner join {{ ref('int_credit__risk_classes') }} as grades
        on
            debts.exposure_id = grades.exposure_id
            and debts.driver = grades.scale
    inner join rates as margins
        on
            debts.driver = margins.driver
            and debts.item = margins.item
    left join rates as losses
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

-- Which parts the sources cover. Of balances the whole year must be known.
customers as (
    select
        spine.customer_id,
        spine.is_core_customer,
        {{ is_covered(account_balances()) }}
        and {{ is_aum_known_on(days_ago(364)) }} as covers_deposits,
        {{ is_covered(holdings()) }}
        and {{ is_aum_known_on(days_ago(364)) }} as covers_investments,
        {{ is_covered(['lending.loans', 'card.cards']) }} as covers_credit,
        {{ is_covered(['core.accounts', 'core.transactions'], 365) }} as covers_postings
    from {{ ref('int_customer__spine') }} as spine
    left join {{ ref('int_source__covered_from') }} as covered on true
    left join {{ ref('int_aum__known_from') }} as known
        on spine.customer_id = known.customer_id
    where spine.is_core_customer
),

parts as (
    select
        spine.customer_id,
        {{ measured('balance_margins.deposit_margin', covers='spine.covers_deposits') }} as deposit_margin,
        {{ measured('balance_margins.investment_margin', covers='spine.covers_investments') }} as investment_margin,
        {{ measured('credit_margins.credit_margin', covers='spine.covers_credit') }} as credit_margin,
        {{ measured('windows.fee_paid_amount_365d', covers='spine.covers_postings') }} as fees,
        {{ measured('service_costs.servicing_cost', covers='spine.covers_postings') }} as servicing_cost,
        {{ measured(
            'credit_margins.expected_loss',
            covers='spine.covers_credit and coalesce(credit_margins.is_every_loss_known, true)'
        ) }} as expected_loss
    from customers as spine
    left join balance_margins
        on spine.customer_id = balance_margins.customer_id
    left join credit_margins
        on spine.customer_id = credit_margins.customer_id
    left join {{ ref('int_transactions__windows_365d') }} as windows
        on spine.customer_id = windows.customer_id
    left join service_costs
        on spine.customer_id = service_costs.customer_id
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
        cast(
            deposit_margin + investment_margin + credit_margin + fees - servicing_cost - expected_loss
            as decimal(28, 2)
        ) as contribution
    from parts
)

select * from profits
