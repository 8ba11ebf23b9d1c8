-- Who is in the honeymoon after opening, how long it lasts yet, and which step they have not taken: 蜜月期, 断点.

with

-- The threshold in force, as one row.
thresholds as (
    select {{ threshold('is_in_honeymoon', 'tenure_days_below') }} as honeymoon_days
    from {{ ref('rule_thresholds') }}
    where {{ in_force() }}
),

-- Today's customers only: who left or never came has no honeymoon. That one has no product yet is known where all
-- ledgers of products are.
customers as (
    select
        demographics.customer_id,
        demographics.tenure_days,
        {{ is_covered([
            'core.accounts', 'core.account_balances', 'core.products', 'wealth.holdings', 'lending.loans', 'card.cards'
        ], 365) }} as covers_products
    from {{ ref('fact_tags__demographics') }} as demographics
    inner join {{ ref('int_customer__spine') }} as spine
        on demographics.customer_id = spine.customer_id
    left join {{ ref('int_source__covered_from') }} as covered on true
    where demographics.relationship_status = 'active'
),

-- The first step that a new customer has not taken after the steps before it. The opening itself is a step that every
-- new customer has taken.
next_steps as (
    select
        openings.customer_id,
        min_by(steps.step, steps.step_order) as step,
        min_by(steps.event_type, steps.step_order) as event_type
    from {{ ref('int_customer__onboarding_steps') }} as openings
    cross join {{ ref('onboarding_steps') }} as steps
    left join {{ ref('int_customer__onboarding_steps') }} as reached
        on
            openings.customer_id = reached.customer_id
            and steps.step = reached.step
            and reached.reached_date is not null
    where
        openings.step = 'opened'
        and reached.step is null
    group by openings.customer_id
),

onboarding as (
    select
        spine.customer_id,
        spine.as_of_date,

        -- 蜜月期 (S2): the opening day is the first of its days.
        customers.tenure_days < thresholds.honeymoon_days as is_in_honeymoon,

        case
            when customers.tenure_days < thresholds.honeymoon_days
                then cast(thresholds.honeymoon_days - customers.tenure_days as int)
        end as honeymoon_days_left,

        -- 断点 (S2) of the single customer.
        case
            when
                customers.tenure_days < thresholds.honeymoon_days
                and (next_steps.event_type <> 'product' or customers.covers_products) then next_steps.step
        end as onboarding_next_step
    from {{ ref('int_customer__spine') }} as spine
    left join customers
        on spine.customer_id = customers.customer_id
    left join next_steps
        on spine.customer_id = next_steps.customer_id
    cross join thresholds
)

select * from onboarding
