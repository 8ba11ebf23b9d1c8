-- Whom no marketing reaches because a running campaign is measured against them (在跑活动的对照组), for whoever judges an
-- audience without the models that are kept back. A view; readers get it as a table (banktags/publish).
{{ config(materialized='view') }}

with

audience_controls as (
    select
        customer_id,
        {{ as_of_date() }} as as_of_date,
        control_since,
        campaigns as running_campaigns
    from {{ ref('int_campaign__controls') }}
)

select * from audience_controls
