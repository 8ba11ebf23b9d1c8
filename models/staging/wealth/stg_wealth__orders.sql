with

revisions as (
    {{ revisions(ref('base_wealth__orders'), key=['order_id', 'order_date']) }}
)

select
    states.order_id,
    states.customer_id,
    states.product_id,
    states.order_date,
    states.order_type,
    states.amount,
    states.status,
    states.channel,
    states.loaded_at,
    states.dt
from {{ ref('base_wealth__orders') }} as states
left join revisions
    on
        states.order_id = revisions.order_id
        and states.order_date = revisions.order_date
where
    states.quarantine_reason is null
    and states.dt <= {{ as_of_date() }}
    and coalesce(states.dt >= revisions.revised_on, true)
