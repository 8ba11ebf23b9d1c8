-- From when to when which mid rate held, for each currency that is not the base currency. A rate stands until the next
-- one, so weekends and holidays are carried forward; before a currency's first rate there is none (DECISIONS 77).

with

rates as (
    select
        currency,
        rate_date as valid_from,
        lead(rate_date, 1, {{ next_day() }}) over (partition by currency order by rate_date) as valid_to,
        mid_rate
    from {{ ref('stg_core__exchange_rates') }}
    where
        {{ is_foreign_currency('currency') }}
        and rate_date <= {{ as_of_date() }}
)

select * from rates
