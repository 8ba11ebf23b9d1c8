-- Who is in which audience on the business date: every audience of the project, one row an audience and member,
-- with whom its channel reaches.
--
-- A view: each audience is a table of its own. A new audience gets its line here. Who is held out, a control of a
-- running campaign or behind an address at which another member is reached stays a member, because campaigns are
-- measured against them, and has no channel (macro audience_query).

{{ config(materialized='view') }}

with

members as (
    {{ members_of([
        ref('audience__card_instalment'),
        ref('audience__credit_warning'),
        ref('audience__cross_sell'),
        ref('audience__dormant_recall'),
        ref('audience__graduate_overseas_shopper'),
        ref('audience__high_net_worth_wealth'),
        ref('audience__maturity_reminder'),
        ref('audience__new_card'),
        ref('audience__no_recent_wealth_purchase'),
        ref('audience__responsive_customers'),
        ref('audience__service_recovery'),
        ref('audience__wealth_promotion'),
        ref('audience__white_collar_benefits'),
    ]) }}
),

audience_members as (
    select
        members.audience,
        members.purpose,
        members.customer_id,
        members.as_of_date,
        members.channel,
        members.address_token,
        members.product_id,
        held_out.customer_id is not null as is_held_out,
        controls.customer_id is not null as is_control,
        members.unreached_because
    from members
    left join {{ ref('audience_holdout') }} as held_out on members.customer_id = held_out.customer_id
    left join {{ ref('int_campaign__controls') }} as controls on members.customer_id = controls.customer_id
)

select * from audience_members
