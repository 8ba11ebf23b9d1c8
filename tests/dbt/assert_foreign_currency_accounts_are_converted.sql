-- Accounts in another currency than the base currency whose owners have no known AUM, for want of a rate; or, where the
-- bank says that it delivers amounts in the base currency already, all of them. Nothing is added one to one in silence.
{{ config(severity='error' if foreign_currency_treatment() == 'refuse' else 'warn') }}

{% set problems %}
    with

    -- What is no code of ISO 4217 may be a name in the wrong column: its shape is told.
    foreign_accounts as (
        select
            accounts.account_id,
            accounts.customer_id,
            accounts.currency,
            currencies.currency_code is not null as is_known_code,
            coalesce(currencies.currency_code, {{ value_shape('accounts.currency') }}) as currency_told
        from {{ ref('stg_core__accounts') }} as accounts
        left join {{ ref('currencies') }} as currencies
            on accounts.currency = currencies.currency_code
        where {{ is_foreign_currency('accounts.currency') }}
    ),

    -- The first day on which anything of theirs stands in the books, in the year that figures look at.
    first_days as (
        select
            account_id,
            min(greatest(balance_date, {{ days_ago(365) }})) as first_date
        from {{ ref('stg_core__account_balances') }}
        where account_id in (select account_id from foreign_accounts)
        group by account_id
    ),

    first_rates as (
        select
            currency,
            min(valid_from) as first_date
        from {{ ref('int_currency__rates') }}
        group by currency
    ),

    {% if foreign_currency_treatment() == 'warn' %}
    problems as (
        select
            foreign_accounts.currency_told,
            foreign_accounts.customer_id,
            'are taken as delivered, in {{ base_currency() }} (foreign_currency_treatment: warn)' as problem,
            'if they are delivered in their own currency, set foreign_currency_treatment: convert and deliver core.exchange_rates'
                as remedy
        from foreign_accounts
    )
    {% else %}
    problems as (
        select
            foreign_accounts.currency_told,
            foreign_accounts.customer_id,
            case
                when first_rates.currency is null then 'have no rate in core.exchange_rates: the AUM of their owners is unknown'
                else 'have no rate before ' || cast(first_rates.first_date as string) || ': the AUM of their owners is unknown until then'
            end as problem,
            case
                when not foreign_accounts.is_known_code
                    then 'the code is none of ISO 4217 and told by its shape: banktags query --work "select distinct currency '
                        || 'from staging.stg_core__accounts" shows it, a row of seeds/dictionaries/code_mappings.csv (currencies,…,…) maps it'
                else 'deliver core.exchange_rates for ' || foreign_accounts.currency_told
                    || ' (banktags load), or, if amounts come in {{ base_currency() }} already, set foreign_currency_treatment: warn'
            end as remedy
        from foreign_accounts
        left join first_days
            on foreign_accounts.account_id = first_days.account_id
        left join first_rates
            on foreign_accounts.currency = first_rates.currency
        where
            first_rates.currency is null
            or first_days.first_date < first_rates.first_date
    )
    {% endif %}

    select
        cast(count(*) as string) || ' accounts of ' || cast(count(distinct customer_id) as string) || ' customers in ' || currency_told
        || ' ' || problem as problem,
        remedy
    from problems
    group by currency_told, problem, remedy
    order by problem
{% endset %}

{{ printed_rows(problems) }}
