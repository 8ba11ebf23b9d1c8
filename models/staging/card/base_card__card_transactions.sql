{{ config(
    materialized='incremental',
    partition_by='dt',
    on_schema_change='fail',
    pre_hook="{{ forget_changed_batches(source('card', 'card_transactions'),
        {'mcc': ref('merchant_categories'), 'country_code': ref('countries')}) }}",
) }}

{#- What is made of the values that may be unusable: a bad one is unknown (null) and counted, the row stays. #}
{% set known = {
    'transaction_at': known_date('source.transaction_at'),
    'mcc': 'merchant_categories.mcc',
    'merchant_country': 'countries.country_code',
    'instalments': 'case when source.instalments >= 1 then source.instalments end',
} %}

{% set key = ['card_transaction_id', 'transaction_date'] %}

with

source as (
    {{ new_batches(source('card', 'card_transactions'),
        {'mcc': ref('merchant_categories'), 'country_code': ref('countries')}) }}
),

-- One form for each value: codes as the dictionaries write them, blanks as null, identifiers hashed or masked.
standardised as (
    select
        {{ known_text('source.card_transaction_id') }} as card_transaction_id,
        {{ hashed_number('source.card_id') }} as card_id,
        {{ known_date('source.transaction_date') }} as transaction_date,
        {{ known.transaction_at }} as transaction_at,
        upper(nullif(trim(source.transaction_type), '')) as transaction_type,
        source.amount,
        {{ known.mcc }} as mcc,
        {{ known.merchant_country }} as merchant_country,
        source.is_online,
        {{ known.instalments }} as instalments,
        source.loaded_at,
        source.dt,
        source.batch_fingerprint,
        {{ unknown_values(known) }} as unknown_values,
        {{ unknown_shapes(known) }} as unknown_shapes
    from source
    left join {{ codes_of('merchant_categories', 'mcc') }} as merchant_categories
        on {{ delivered_code('source.mcc') }} = merchant_categories.delivered_code
    left join {{ codes_of('countries', 'country_code') }} as countries
        on {{ delivered_code('source.merchant_country') }} = countries.delivered_code
),

-- Said before under another date: the bank has corrected the date and sent it again.
redated as (
    {{ redated_rows(
        'standardised', 'card_transaction_id', 'transaction_date',
        content=['card_id', 'transaction_type', 'amount']
    ) }}
),

-- What is wrong with a row itself: the first of these.
judged as (
    select
        standardised.*,
        case
            when standardised.card_transaction_id is null then 'missing_card_transaction_id'
            when standardised.transaction_date is null then 'missing_transaction_date'
            when standardised.card_id is null then 'missing_card_id'
            when standardised.transaction_type is null then 'missing_transaction_type'
            when standardised.amount is null then 'missing_amount'
            when standardised.loaded_at is null then 'missing_loaded_at'
            when standardised.transaction_type not in ('PURCHASE', 'REFUND') then 'unknown_transaction_type'
            when standardised.amount <= 0 then 'invalid_amount'
            when standardised.transaction_date > standardised.dt then 'future_transaction_date'
            when redated.dt is not null then 'duplicate_delivery'
        end as fault
    from standardised
    left join redated
        on
            standardised.card_transaction_id = redated.card_transaction_id
            and standardised.transaction_date = redated.transaction_date
            and standardised.dt = redated.dt
),

-- The first delivery of each key stands.
{{ cleaned_rows('judged', key, kind='event') }}

-- The columns are those of `judged`: the rule switched off cannot follow them through a union.
-- With the hint, Spark writes few files of even size for each date; DuckDB reads it as a comment.
select /*+ rebalance(dt) */ * from cleaned  -- noqa: AM04
