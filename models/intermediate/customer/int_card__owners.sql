-- Who owns each card from when to when: one row per card and owner, a single one unless the number was issued again
-- or handed on. What is dated by day joins it by card and day.

with

owned as (
    {{ owners_over_time(
        ref('stg_card__cards'), ref('base_card__cards'), key='card_id', issued='issued_date',
        has_ended='versions.closed_date is not null', columns=['closed_date', 'card_type'],
    ) }}
),

owners as (
    select
        owned.card_id,
        identities.customer_id,
        owned.core_customer_id,
        owned.card_type,
        owned.issued_date,
        owned.closed_date,
        owned.dt,
        owned.valid_from,
        owned.valid_to,
        owned.issued_from
    from owned
    inner join {{ ref('int_customer__identity') }} as identities
        on
            owned.core_customer_id = identities.source_key
            and identities.source_system = 'core'
)

select * from owners
