{{ config(
    materialized='incremental',
    unique_key=['account_id'],
    on_schema_change='fail',
    pre_hook="{{ forget_outdated_versions(source('core', 'accounts')) }}",
) }}

{#- What is made of the values that may be unusable: a bad one is unknown (null) and counted, the row stays. #}
{% set known = {
    'opened_date': 'source.known_opened_date',
    'closed_date': standing_end('source.known_status', 'source.known_closed_date'),
    'maturity_date': known_date('source.maturity_date', not_before='source.known_opened_date'),
    'status': 'source.known_status',
} %}

with

delivered as (
    {{ new_batches(source('core', 'accounts')) }}
),

-- The opening day that can be right, none before the batch that tells it: it bounds the other days.
opened as (
    select
        *,
        {{ known_date('opened_date', not_after='dt') }} as known_opened_date
    from delivered
),

-- The closing day and the status that can be right.
source as (
    select
        *,
        {{ known_date('closed_date', not_before='known_opened_date') }} as known_closed_date,
        {{ code_or_unknown('status', ['ACTIVE', 'DORMANT', 'FROZEN', 'CLOSED']) }} as known_status
    from opened
),

-- One form for each value: codes as the dictionaries write them, blanks as null, identifiers hashed or masked.
standardised as (
    select
        {{ hashed_number('source.account_id') }} as account_id,
        {{ known_text('source.customer_id') }} as customer_id,
        {{ known_text('source.product_id') }} as product_id,
        coalesce(currencies.currency_code, upper(nullif(trim(source.currency), ''))) as currency,
        {{ known.opened_date }} as opened_date,
        {{ known.closed_date }} as closed_date,
        {{ known.maturity_date }} as maturity_date,
        {{ standing_status('source.known_status', 'source.known_closed_date') }} as status,
        {{ known_text('source.branch_id') }} as branch_id,
        source.loaded_at,
        source.dt,
        source.batch_fingerprint,
        {{ unknown_values(known) }} as unknown_values,
        {{ unknown_shapes(known) }} as unknown_shapes
    from source
    left join {{ codes_of('currencies', 'currency_code') }} as currencies
        on {{ delivered_code('source.currency') }} = currencies.delivered_code
),

-- What is wrong with a row itself: the first of these.
judged as (
    select
        *,
        case
            when account_id is null then 'missing_account_id'
            when customer_id is null then 'missing_customer_id'
            when product_id is null then 'missing_product_id'
            when currency is null then 'missing_currency'
            when loaded_at is null then 'missing_loaded_at'
        end as fault
    from standardised
),

-- The latest delivery of each key stands.
accounts as (
    {{ latest_version_wins('judged', key=['account_id']) }}
)

-- The columns are those of `judged`: the rule switched off cannot follow them through a union.
select * from accounts  -- noqa: AM04
