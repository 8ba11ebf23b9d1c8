-- Cards with the golden customer who holds them by the card's last word; a view.

{{ config(materialized='view') }}

with

cards as (
    select
        cards.card_id,
        identities.customer_id,
        cards.card_type,
        cards.issued_date,
        cards.closed_date,
        -- Open on the business date: a card is open until the day before it is closed.
        coalesce(cards.issued_date <= {{ as_of_date() }}, true)
        and (cards.closed_date is null or cards.closed_date > {{ as_of_date() }}) as is_open,
        cards.statement_balance,
        cards.days_past_due
    from {{ ref('stg_card__cards') }} as cards
    inner join {{ ref('int_customer__identity') }} as identities
        on
            cards.customer_id = identities.source_key
            and identities.source_system = 'core'
)

select * from cards
