-- Five-class asset quality (五级分类) of each credit exposure of a customer: one row per loan that is not settled and per
-- open credit card, graded by days past due on the scale of its kind (seed risk_class_scales). An exposure of which not
-- all days are known is at least as bad as the days that are seen: a bad class stands, and 正常 does not.
with

loans as (
    select
        customer_id,
        'loan' as scale,
        loan_id as exposure_id,
        days_past_due,
        days_past_due_seen,
        status = 'WRITTEN_OFF' as is_written_off
    from {{ ref('int_loan__arrears') }}
    where status <> 'SETTLED'
),

-- The card system counts the days itself and redelivers the card as they grow; a card without them is unknown.
credit_cards as (
    select
        identities.customer_id,
        'card' as scale,
        cards.card_id as exposure_id,
        cards.days_past_due,
        cards.days_past_due as days_past_due_seen,
        false as is_written_off
    from {{ ref('stg_card__cards') }} as cards
    inner join {{ ref('int_customer__identity') }} as identities
        on
            cards.customer_id = identities.source_key
            and identities.source_system = 'core'
    where
        cards.card_type = 'CREDIT'
        and coalesce(cards.issued_date <= {{ as_of_date() }}, true)
        and (cards.closed_date is null or cards.closed_date > {{ as_of_date() }})
),

exposures as (
    select * from loans
    union all
    select * from credit_cards
),

-- What is written off is lost, whatever its instalments say: it takes the band that has no upper end. Unknown days are
-- in no band.
graded_exposures as (
    select
        exposures.customer_id,
        exposures.scale,
        exposures.exposure_id,
        exposures.days_past_due,
        scales.risk_class,
        scales.severity,
        exposures.days_past_due is not null or exposures.is_written_off as is_known
    from exposures
    left join {{ ref('risk_class_scales') }} as scales
        on
            exposures.scale = scales.scale
            and case
                when exposures.is_written_off then scales.days_to is null
                else
                    exposures.days_past_due_seen is not null
                    and {{ in_band('exposures.days_past_due_seen', 'scales.days_from', 'scales.days_to') }}
            end
),

risk_classes as (
    select
        customer_id,
        scale,
        exposure_id,
        days_past_due,
        case when is_known or risk_class <> 'normal' then risk_class end as risk_class,
        case when is_known or risk_class <> 'normal' then severity end as severity
    from graded_exposures
)

select * from risk_classes
