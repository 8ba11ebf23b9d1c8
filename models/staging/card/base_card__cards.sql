{{ config(
    materialized='incremental',
    unique_key=['card_id'],
    on_schema_change='fail',
    pre_hook="{{ forget_outdated_versions(source('card', 'cards')) }}",
) }}

{#- What is made of the values that may be unusable: a bad one is unknown (null) and counted, the row stays. #}
{% set known = {
    'card_type': code_or_unknown('source.card_type', ['DEBIT', 'CREDIT']),
    'card_level': code_or_unknown('source.card_level', ['CLASSIC', 'GOLD', 'PLATINUM', 'DIAMOND']),
    'issued_date': 'source.known_issued_date',
    'activated_date': known_date('source.activated_date', not_before='source.known_issued_date', not_after='dt'),
    'closed_date': known_date('source.closed_date', not_before='source.known_issued_date'),
    'credit_limit': 'case when source.credit_limit >= 0 then source.credit_limit end',
    'days_past_due': 'case when source.days_past_due >= 0 then source.days_past_due end',
} %}

with

delivered as (
    {{ new_batches(source('card', 'cards')) }}
),

-- The day of issue that can be right, none before the batch that tells it: it bounds the other days.
source as (
    select
        *,
        {{ known_date('issued_date', not_after='dt') }} as known_issued_date
    from delivered
),

-- One form for each value: codes as the dictionaries write them, blanks as null, identifiers hashed or masked.
standardised as (
    select
        {{ hashed_number('source.card_id') }} as card_id,
        '****' || right({{ known_text('source.card_no') }}, 4) as card_no_masked,
        {{ known_text('source.customer_id') }} as customer_id,
        {{ hashed_number('source.account_id') }} as account_id,
        {{ known.card_type }} as card_type,
        {{ known.card_level }} as card_level,
        {{ known.issued_date }} as issued_date,
        {{ known.activated_date }} as activated_date,
        {{ known.closed_date }} as closed_date,
        {{ known.credit_limit }} as credit_limit,
        source.statement_balance,
        {{ known.days_past_due }} as days_past_due,
        source.loaded_at,
        source.dt,
        source.batch_fingerprint,
        {{ unknown_values(known) }} as unknown_values,
        {{ unknown_shapes(known) }} as unknown_shapes
    from source
),

-- What is wrong with a row itself: the first of these.
judged as (
    select
        *,
        case
            when card_id is null then 'missing_card_id'
            when customer_id is null then 'missing_customer_id'
            when loaded_at is null then 'missing_loaded_at'
        end as fault
    from standardised
),

-- The latest delivery of each key stands.
cards as (
    {{ latest_version_wins('judged', key=['card_id']) }}
)

-- The columns are those of `judged`: the rule switched off cannot follow them through a union.
select * from cards  -- noqa: AM04
