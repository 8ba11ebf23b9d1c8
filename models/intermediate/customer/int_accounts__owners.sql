-- Who owns each account from when to when: one row per account and owner, a single one unless the number was issued
-- again or handed on. What is dated by day joins it by account and day.

with

owned as (
    {{ owners_over_time(
        ref('stg_core__accounts'), ref('base_core__accounts'), key='account_id', issued='opened_date',
        has_ended="versions.closed_date is not null or versions.status = 'CLOSED'",
        columns=['closed_date', 'product_id', 'currency', 'maturity_date', 'status'],
    ) }}
),

owners as (
    select
        owned.account_id,
        identities.customer_id,
        owned.core_customer_id,
        owned.product_id,
        owned.currency,
        owned.opened_date,
        owned.closed_date,
        owned.maturity_date,
        owned.status,
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
