-- Who is in which audience on the business date: every audience of the project, one row an audience and member,
-- with whom its channel reaches.
--
-- A view: whom audience_screening leaves. Who is held out, a control of a running campaign or behind an address at
-- which another member is reached stays a member, because campaigns are measured against them, and has no channel.

{{ config(materialized='view') }}

with

audience_members as (
    select
        screened.audience,
        screened.purpose,
        screened.customer_id,
        screened.as_of_date,
        screened.channel,
        screened.address_token,
        screened.product_id,
        held_out.customer_id is not null as is_held_out,
        controls.customer_id is not null as is_control,
        screened.unreached_because
    from {{ ref('audience_screening') }} as screened
    left join {{ ref('audience_holdout') }} as held_out on screened.customer_id = held_out.customer_id
    left join {{ ref('int_campaign__controls') }} as controls on screened.customer_id = controls.customer_id
    where screened.removed_by is null
)

select * from audience_members
