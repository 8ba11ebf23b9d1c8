-- How far the customers of each opening month came from opening to a first product, and at which step most of them were
-- lost: 断点 (DECISIONS 44). Steps count if they were taken in their order and in the honeymoon, so that months can be
-- compared.

with

-- The length of the honeymoon in force, as one row.
thresholds as (
    select {{ threshold('is_in_honeymoon', 'tenure_days_below') }} as honeymoon_days
    from {{ ref('rule_thresholds') }}
    where {{ in_force() }}
),

-- The steps by their place, whatever numbers the seed gives them.
steps as (
    select
        step,
        name_zh,
        cast(row_number() over (order by step_order) as int) as step_number
    from {{ ref('onboarding_steps') }}
),

-- The steps that each customer took in the honeymoon, and whether after all the steps before them, in their order.
taken as (
    select
        onboarding.customer_id,
        cast({{ dbt.date_trunc('month', 'onboarding.opened_date') }} as date) as opening_month,
        onboarding.step,
        coalesce(
            {{ dbt.datediff('onboarding.opened_date', 'onboarding.reached_date', 'day') }}
            < thresholds.honeymoon_days,
            false
        ) as is_in_order
    from {{ ref('int_customer__onboarding_steps') }} as onboarding
    cross join thresholds
    where
        {{ dbt.datediff('onboarding.opened_date', 'onboarding.first_date', 'day') }}
        < thresholds.honeymoon_days
),

-- The months of which all customers are new: the year does not begin in their midst.
months as (
    select distinct opening_month
    from taken
    where {{ in_last_days('opening_month', 365) }}
),

counts as (
    select
        months.opening_month,
        steps.step,
        steps.name_zh,
        steps.step_number,
        count(taken.customer_id) as took_step,
        count(case when taken.is_in_order then 1 end) as customers
    from months
    cross join steps
    left join taken
        on
            months.opening_month = taken.opening_month
            and steps.step = taken.step
    group by months.opening_month, steps.step, steps.name_zh, steps.step_number
),

losses as (
    select
        *,
        lag(customers) over (partition by opening_month order by step_number) as customers_before,
        lag(customers) over (partition by opening_month order by step_number) - customers as lost_customers,
        first_value(customers) over (partition by opening_month order by step_number) as opened_customers
    from counts
),

-- Of equal losses the earlier step is the breakpoint; where nobody is lost there is none.
ranked as (
    select
        *,
        row_number() over (
            partition by opening_month
            order by coalesce(lost_customers, 0) desc, step_number asc
        ) as loss_rank
    from losses
),

onboarding_funnel as (
    select
        ranked.opening_month,
        ranked.step_number,
        ranked.step,
        ranked.name_zh,
        ranked.customers,
        ranked.took_step as customers_in_any_order,
        ranked.lost_customers,
        cast(ranked.customers as double) / nullif(ranked.customers_before, 0) as step_rate,
        cast(ranked.customers as double) / nullif(ranked.opened_customers, 0) as opening_rate,
        ranked.loss_rank = 1 and coalesce(ranked.lost_customers, 0) > 0 as is_breakpoint,
        {{ days_since(dbt.last_day('ranked.opening_month', 'month')) }} >= thresholds.honeymoon_days - 1 as is_complete,
        {{ as_of_date() }} as as_of_date
    from ranked
    cross join thresholds
)

select * from onboarding_funnel
