-- What a customer is worth to the bank: the profit contribution of the last 365 days and its parts.

with

customer_value as (
    select
        spine.customer_id,
        spine.as_of_date,
        profits.contribution as profit_contribution_365d,
        profits.deposit_margin as profit_deposit_margin_365d,
        profits.investment_margin as profit_investment_margin_365d,
        profits.credit_margin as profit_credit_margin_365d,
        profits.fees as profit_fee_365d,
        profits.servicing_cost as profit_servicing_cost_365d,
        profits.expected_loss as profit_expected_loss_365d
    from {{ ref('int_customer__spine') }} as spine
    left join {{ ref('int_customer__profit') }} as profits
        on spine.customer_id = profits.customer_id
)

select * from customer_value
