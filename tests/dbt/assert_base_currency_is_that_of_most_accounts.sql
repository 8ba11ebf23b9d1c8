-- Most accounts of the bank are in its base currency. Otherwise every amount is judged by the tiers of another.
{% set problems %}
    with

    currencies as (
        select
            currency,
            count(*) as account_count
        from {{ ref('stg_core__accounts') }}
        group by currency
    ),

    commonest as (
        select
            max_by(currency, account_count) as currency,
            max(account_count) as account_count,
            sum(account_count) as all_accounts,
            coalesce(sum(case when {{ is_foreign_currency('currency') }} then account_count end), 0) as foreign_accounts
        from currencies
    )

    select
        cast(foreign_accounts as string) || ' of ' || cast(all_accounts as string)
        || ' accounts are not in base_currency {{ base_currency() }}, '
        || cast(account_count as string) || ' of them in ' || currency as problem,
        'build with base_currency: ' || currency
        || ' (make build BASE_CURRENCY=' || currency || '); where the policy seeds lack it, run: banktags new currency '
        || currency as remedy
    from commonest
    where foreign_accounts * 2 > all_accounts
{% endset %}

{{ printed_rows(problems) }}
