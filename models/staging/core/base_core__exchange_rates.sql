{% set key = ['currency', 'rate_date'] %}

with

source as (
    select * from {{ source('core', 'exchange_rates') }}
    where dt <= {{ as_of_date() }}
),

-- One form for each value: codes as the dictionaries write them, blanks as null.
standardised as (
    select
        coalesce(currencies.currency_code, upper(nullif(trim(source.currency), ''))) as currency,
        source.rate_date,
        source.mid_rate,
        source.loaded_at,
        source.dt,
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
            when currency is null then 'missing_currency'
            when rate_date is null then 'missing_rate_date'
            when mid_rate is null then 'missing_mid_rate'
            when loaded_at is null then 'missing_loaded_at'
            when mid_rate <= 0 then 'invalid_mid_rate'
            when rate_date > dt then 'future_rate_date'
        end as fault
    from standardised
),

-- The latest delivery of each key stands.
exchange_rates as (
    {{ latest_version_wins('judged', key=key, batched=false) }}
)

-- The columns are those of `judged`: the rule switched off cannot follow them through a union.
select * from exchange_rates  -- noqa: AM04
