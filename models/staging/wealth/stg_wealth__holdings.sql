with

revisions as (
    {{ revisions(ref('base_wealth__holdings'), key=['customer_id', 'product_id', 'holding_date']) }}
)

select
    states.customer_id,
    states.product_id,
    states.holding_date,
    states.market_value,
    states.loaded_at,
    states.dt
from {{ ref('base_wealth__holdings') }} as states
left join revisions
    on
        states.customer_id = revisions.customer_id
        and states.product_id = revisions.product_id
        and states.holding_date = revisions.holding_date
where
    states.quarantine_reason is null
    and states.dt <= {{ as_of_date() }}
    and coalesce(states.dt >= revisions.revised_on, true)
