-- Who is in which audience on the business date: every audience of the project, one row an audience and member.
--
-- A view: each audience is a table of its own. A new audience gets its line here.

{{ config(materialized='view') }}

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
