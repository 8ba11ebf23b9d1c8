{{ config(
    materialized='incremental',
    unique_key=['account_id'],
    on_schema_change='fail',
    pre_hook="{{ forget_outdated_versions(source('core', 'accounts')) }}",
) }}

with

source as (
    {{ new_batches(source('core', 'accounts')) }}
),

-- One form for each value: codes as the dictionaries write them, blanks as null, identifiers hashed or masked.
standardised as (
    select
        nullif(trim(source.account_id), '') as account_id,
        nullif(trim(source.customer_id), '') as customer_id,
        nullif(trim(source.product_id), '') as product_id,
        coalesce(currencies.currency_code, upper(nullif(trim(source.currency), ''))) as currency,
        source.opened_date,
        source.closed_date,
        source.maturity_date,
        upper(nullif(trim(source.status), '')) as status,
        nullif(trim(source.branch_id), '') as branch_id,
        source.loaded_at,
        source.dt,
        source.batch_fingerprint,
        cast(null as string) as unknown_values
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
            when opened_date is null then 'missing_opened_date'
            when status is null then 'missing_status'
            when loaded_at is null then 'missing_loaded_at'
            when status not in ('ACTIVE', 'DORMANT', 'FROZEN', 'CLOSED') then 'unknown_status'
            when closed_date < opened_date then 'invalid_closed_date'
            when maturity_date < opened_date then 'invalid_maturity_date'
            when opened_date > dt then 'future_opened_date'
        end as fault
    from standardised
),

-- The latest delivery of each key stands.
accounts as (
    {{ latest_version_wins('judged', key=['account_id']) }}
)

-- The columns are those of `judged`: the rule switched off cannot follow them through a union.
select * from accounts  -- noqa: AM04
