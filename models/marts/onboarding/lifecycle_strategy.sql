-- What to do with the customers of each stage of the life cycle, and how many they are: one row a stage.

with

totals as (
    select
        lifecycle_stage,
        count(*) as customers
    from {{ ref('segment__lifecycle') }}
    group by lifecycle_stage
),

lifecycle_strategy as (
    select
        strategies.stage as lifecycle_stage,
        strategies.stage_order,
        strategies.name_zh,
        strategies.objective_zh,
        strategies.actions_zh,
        strategies.source,
        coalesce(totals.customers, 0) as customers,
        cast(coalesce(totals.customers, 0) as double) / nullif(sum(totals.customers) over (), 0) as customer_share,
        {{ as_of_date() }} as as_of_date
    from {{ ref('lifecycle_strategies') }} as strategies
    left join totals
        on strategies.stage = totals.lifecycle_stage
)

select * from lifecycle_strategy
