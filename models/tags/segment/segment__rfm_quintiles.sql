-- Cut points of the run's population: between which values a customer of each fifth lies, on each axis.

{{ config(materialized='view') }}

with

-- How many customers are no better than each value: equal values are counted together, so they can't part.
cumulated as (
    select
        *,
        sum(customers) over (partition by axis order by goodness) as customers_no_better,
        sum(customers) over (partition by axis) as population
    from {{ ref('segment__rfm_value_counts') }}
),

-- The scores, 1 the worst.
scores as (
    select 1 as score
    union all
    select 2 as score
    union all
    select 3 as score
    union all
    select 4 as score
    union all
    select 5 as score
),

-- Where each score begins: at the worst value that more than (score - 1) fifths of the customers do not exceed. None
-- never gets beyond 1. Recency is half-open too: an edge of 30 means active within the last 30 days.
edges as (
    select
        cumulated.axis,
        cumulated.measure,
        scores.score,
        case
            when scores.score = 1 then cast(null as double)
            when cumulated.axis = 'recency' then 1 - min(cumulated.goodness)
            else min(cumulated.goodness)
        end as edge
    from cumulated
    inner join scores
        on 5 * cumulated.customers_no_better > (scores.score - 1) * cumulated.population
    where cumulated.has_some or scores.score = 1
    group by cumulated.axis, cumulated.measure, scores.score
),

-- Where the next score begins.
edges_with_next as (
    select
        *,
        lead(edge) over (partition by axis order by score) as next_edge
    from edges
),

-- A better score begins where there are fewer days, or more of anything else.
quintiles as (
    select
        axis,
        measure,
        score,
        case when axis = 'recency' then next_edge else edge end as value_from,
        case when axis = 'recency' then edge else next_edge end as value_to
    from edges_with_next
)

select * from quintiles
