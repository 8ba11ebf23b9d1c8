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
    from {{ ref('int_cards__by_customer') }} as cards
    cross join tolerance
    where
        cards.card_type = 'CREDIT'
        and cards.is_open
),

credit_cards as (
    select
        customer_id,
        card_id as exposure_id,
        days_owed as days_past_due,
        days_owed as days_past_due_seen,
        false as is_written_off
    from cards
),

risk_classes as (
    {{ risk_classes_of('credit_cards', 'card') }}
)

select * from risk_classes
