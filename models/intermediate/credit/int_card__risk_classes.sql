-- Five-class asset quality (五级分类) of each open credit card.
with

tolerance as (
    select max(case when item = 'card_statement' then unpaid_to end) as unpaid_to
    from {{ ref('arrears_tolerances') }}
    where {{ in_force() }}
),

-- The card system counts the days itself and redelivers the card as they grow; a card without them is unknown. A card
-- whose statement is of no more than the tolerance owes nothing, whatever the days.
cards as (
    select
        cards.*,
        case when cards.statement_balance <= tolerance.unpaid_to then 0 else cards.days_past_due end as days_owed
    from {{ ref('stg_card__cards') }} as cards
    cross join tolerance
),

credit_cards as (
    select
        identities.customer_id,
        cards.card_id as exposure_id,
        cards.days_owed as days_past_due,
        cards.days_owed as days_past_due_seen,
        false as is_written_off
    from cards
    inner join {{ ref('int_customer__identity') }} as identities
        on
            cards.customer_id = identities.source_key
            and identities.source_system = 'core'
    where
        cards.card_type = 'CREDIT'
        and coalesce(cards.issued_date <= {{ as_of_date() }}, true)
        and (cards.closed_date is null or cards.closed_date > {{ as_of_date() }})
),

risk_classes as (
    {{ risk_classes_of('credit_cards', 'card') }}
)

select * from risk_classes
