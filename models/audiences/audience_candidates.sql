-- Whom the condition of each audience finds, before any gate (圈选命中): one row an audience and customer.
--
-- An audience is a select of its own, models/audiences/audience__<name>.sql, and is no relation: it is read here and
-- nowhere else, so that each condition is evaluated once. A new audience gets its line here.

-- depends_on: {{ ref('parsed_conditions') }}
{% do check_audiences() %}

with

found as (
    {{ found_by_audiences([
        'card_instalment',
        'credit_warning',
        'cross_sell',
        'dormant_recall',
        'graduate_overseas_shopper',
        'high_net_worth_wealth',
        'maturity_reminder',
        'new_card',
        'no_recent_wealth_purchase',
        'responsive_customers',
        'service_recovery',
        'wealth_promotion',
        'white_collar_benefits',
    ]) }}
),

-- Whose value is trusted less than an audience asks for; without a customer it is that of everybody.
doubted as (
    select distinct
        floors.audience,
        confidence.customer_id
    from {{ rows_from(rows_of_audiences('min_confidence'), ['audience', 'said', 'value']) }} as floors
    inner join {{ ref('tag_confidence') }} as confidence
        on
            floors.said = confidence.tag_code
            and cast(floors.value as decimal(12, 10)) > confidence.confidence
),

audience_candidates as (
    select
        found.audience,
        found.customer_id
    from found
    left join doubted
        on
            found.audience = doubted.audience
            and found.customer_id = doubted.customer_id
    left join doubted as doubted_of_all
        on
            found.audience = doubted_of_all.audience
            and doubted_of_all.customer_id is null
    where
        doubted.audience is null
        and doubted_of_all.audience is null
)

select * from audience_candidates
