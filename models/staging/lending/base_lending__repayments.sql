{{ config(
    materialized='incremental',
    unique_key=['loan_id', 'instalment_no'],
    on_schema_change='fail',
    pre_hook="{{ forget_outdated_versions(source('lending', 'repayments')) }}",
) }}

{#- What is made of the values that may be unusable: a bad one is unknown (null) and counted, the row stays. #}
{% set known = {
    'paid_date': known_date('source.paid_date', not_after='dt'),
} %}

with

source as (
    {{ new_batches(source('lending', 'repayments')) }}
),

-- One form for each value: codes as the dictionaries write them, blanks as null, identifiers hashed or masked.
standardised as (
    select
        {{ known_text('source.loan_id') }} as loan_id,
        source.instalment_no,
        {{ known_date('source.due_date') }} as due_date,
        source.due_amount,
        source.paid_amount,
        {{ known.paid_date }} as paid_date,
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
            when loan_id is null then 'missing_loan_id'
            when instalment_no is null then 'missing_instalment_no'
            when due_date is null then 'missing_due_date'
            when due_amount is null then 'missing_due_amount'
            when paid_amount is null then 'missing_paid_amount'
            when loaded_at is null then 'missing_loaded_at'
            when instalment_no < 1 then 'invalid_instalment_no'
            when due_amount < 0 then 'invalid_due_amount'
            when paid_amount < 0 then 'invalid_paid_amount'
        end as fault
    from standardised
),

-- The latest delivery of each key stands.
repayments as (
    {{ latest_version_wins('judged', key=['loan_id', 'instalment_no']) }}
)

-- The columns are those of `judged`: the rule switched off cannot follow them through a union.
select * from repayments  -- noqa: AM04
