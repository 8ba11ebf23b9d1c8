-- How each customer's AUM moved from the day before to the business date, and which component moved it (T+1监测).

with

-- What counts in AUM, by component.
components as (
    select
        customer_id,
        aum_component,
        sum(balance_spot) as balance,
        sum(balance_1d_ago) as balance_1d_ago,
        sum(balance_spot - balance_1d_ago) as moved
    from {{ ref('int_aum__by_category') }}
    where in_aum
    group by customer_id, aum_component
),

-- The component that moved most, up or down; of equal ones the first by name.
ranked as (
    select
        customer_id,
        aum_component,
        moved,
        row_number() over (partition by customer_id order by abs(moved) desc, aum_component asc) as change_rank
    from components
    where moved <> 0
),

totals as (
    select
        customer_id,
        sum(balance) as aum,
        sum(balance_1d_ago) as aum_1d_ago,
        sum(moved) as aum_change,
        sum(case when aum_component = 'deposit' then moved end) as deposit_change,
        sum(case when aum_component = 'wealth' then moved end) as wealth_change,
        sum(case when aum_component = 'fund' then moved end) as fund_change,
        sum(case when aum_component = 'insurance' then moved end) as insurance_change,
        sum(case when aum_component = 'metal' then moved end) as metal_change,
        sum(case when aum_component = 'trust' then moved end) as trust_change,
        sum(case when aum_component = 'structured' then moved end) as structured_change,
        sum(case when aum_component = 'custody' then moved end) as custody_change
    from components
    group by customer_id
),

-- Whose balances are delivered, and known on the day before too: without it there is no change to speak of.
customers as (
    select
        spine.customer_id,
        spine.as_of_date,
        spine.is_core_customer,
        {{ is_covered(account_balances()) }}
        and {{ is_aum_known_on(as_of_date()) }} as covers_today,
        {{ is_covered(account_balances()) }}
        and {{ is_aum_known_on(days_ago(1)) }} as covers_1d_ago
    from {{ ref('int_customer__spine') }} as spine
    left join {{ ref('int_source__covered_from') }} as covered on true
    left join {{ ref('int_aum__known_from') }} as known
        on spine.customer_id = known.customer_id
),

aum_changes as (
    select
        spine.customer_id,
        spine.as_of_date,
        {{ measured('totals.aum', covers='spine.covers_today') }} as aum,
        {{ measured('totals.aum_1d_ago', covers='spine.covers_1d_ago') }} as aum_1d_ago,
        {{ measured('totals.aum_change', covers='spine.covers_1d_ago') }} as aum_change,
        {{ measured('totals.deposit_change', covers='spine.covers_1d_ago') }} as deposit_change,
        {{ measured('totals.wealth_change', covers='spine.covers_1d_ago') }} as wealth_change,
        {{ measured('totals.fund_change', covers='spine.covers_1d_ago') }} as fund_change,
        {{ measured('totals.insurance_change', covers='spine.covers_1d_ago') }} as insurance_change,
        {{ measured('totals.metal_change', covers='spine.covers_1d_ago') }} as metal_change,
        {{ measured('totals.trust_change', covers='spine.covers_1d_ago') }} as trust_change,
        {{ measured('totals.structured_change', covers='spine.covers_1d_ago') }} as structured_change,
        {{ measured('totals.custody_change', covers='spine.covers_1d_ago') }} as custody_change,
        case when spine.covers_1d_ago then ranked.aum_component end as main_component,
        case when spine.covers_1d_ago then cast(ranked.moved as decimal(28, 2)) end as main_component_change
    from customers as spine
    left join totals
        on spine.customer_id = totals.customer_id
    left join ranked
        on
            spine.customer_id = ranked.customer_id
            and ranked.change_rank = 1
)

select * from aum_changes
