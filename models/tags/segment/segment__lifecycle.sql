-- Which stage of the life cycle a customer is in: the first rule of seed lifecycle_rules whose conditions all hold.

with

-- The rules in force on the run's date.
rules as (
    select *
    from {{ ref('lifecycle_rules') }}
    where {{ in_force(by_currency=false) }}
),

-- What the rules judge: the relation, its age, and what the customer does of their own accord.
facts as (
    select
        spine.customer_id,
        spine.as_of_date,
        demographics.relationship_status,
        demographics.tenure_days,
        transaction_tags.transaction_inactive_days_365d,
        transaction_tags.transaction_count_previous_90d,
        transaction_tags.transaction_drop_share_90d
    from {{ ref('int_customer__spine') }} as spine
    left join {{ ref('fact_tags__demographics') }} as demographics
        on spine.customer_id = demographics.customer_id
    left join {{ ref('fact_tags__transactions') }} as transaction_tags
        on spine.customer_id = transaction_tags.customer_id
),

-- Whether each rule holds for a customer: true, false, or null where a fact that it asks for is unknown. Who has been a
-- customer for fewer days than a rule asks of silence has not been silent so long.
judgements as (
    select
        facts.customer_id,
        facts.as_of_date,
        rules.rule_order,
        (rules.relationship_status is null or facts.relationship_status = rules.relationship_status)
        and {{ in_band('facts.tenure_days', 'rules.tenure_days_from', 'rules.tenure_days_to') }}
        and {{ in_band(
            'coalesce(facts.transaction_inactive_days_365d, case when facts.tenure_days < rules.transaction_inactive_days_365d_from then facts.tenure_days end)',
            'rules.transaction_inactive_days_365d_from',
            'rules.transaction_inactive_days_365d_to'
        ) }}
        and {{ in_band(
            'facts.transaction_count_previous_90d',
            'rules.transaction_count_previous_90d_from',
            'rules.transaction_count_previous_90d_to'
        ) }}
        and {{ in_band(
            'facts.transaction_drop_share_90d',
            'rules.transaction_drop_share_90d_from',
            'rules.transaction_drop_share_90d_to'
        ) }} as holds
    from facts
    cross join rules
),

-- Of the rules that hold for a customer the first one decides, unless one before it may hold for all that is known.
decisions as (
    select
        customer_id,
        min(case when holds then rule_order end) as first_that_holds,
        min(case when coalesce(holds, true) then rule_order end) as first_that_may
    from judgements
    group by customer_id
),

lifecycle as (
    select
        facts.customer_id,
        facts.as_of_date,
        rules.stage as lifecycle_stage,
        rules.rule as lifecycle_rule,
        rules.version as lifecycle_version
    from facts
    left join decisions
        on facts.customer_id = decisions.customer_id
    left join rules
        on
            decisions.first_that_holds = rules.rule_order
            and decisions.first_that_may = rules.rule_order
)

select * from lifecycle
