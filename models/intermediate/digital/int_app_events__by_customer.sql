-- Events of the mobile bank with the golden customer who was logged in; a view. Events before login are nobody's.

{{ config(materialized='view') }}

with

app_events as (
    select
        app_events.event_id,
        identities.customer_id,
        app_events.event_date,
        app_events.event_at,
        app_events.event_type,
        app_events.page,
        app_events.dt
    from {{ ref('stg_digital__app_events') }} as app_events
    inner join {{ ref('int_customer__identity') }} as identities
        on
            app_events.customer_id = identities.source_key
            and identities.source_system = 'core'
)

select * from app_events
