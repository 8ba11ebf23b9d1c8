{# Accounts in another currency than the bank's base currency, as var foreign_currency_treatment says:

   convert  their amounts are converted at the mid rate of the day (core.exchange_rates); without one the AUM of their owners is
            unknown, and a test names the currency;
   refuse   as convert, and the build fails as long as there is one without a rate;
   warn     the bank delivers their amounts in the base currency already: they are taken as they are, and a test counts them. #}
{% macro foreign_currency_treatment() -%}
    {%- set treatment, admitted = var('foreign_currency_treatment'), ['convert', 'warn', 'refuse'] -%}
    {%- if treatment not in admitted -%}
        {{ exceptions.raise_compiler_error(
            "foreign_currency_treatment is " ~ treatment ~ ": set it to " ~ admitted | join(', ') ~ " (dbt_project.yml or --vars)"
        ) }}
    {%- endif -%}
    {{ return(treatment) }}
{%- endmacro %}

{# True where a currency is not the base currency. #}
{% macro is_foreign_currency(currency) -%}
    {{ currency }} <> '{{ base_currency() }}'
{%- endmacro %}

{# The currency of an account whose amounts must be converted, else null. Joined with int_currency__rates, it meets rates for these
   accounts only. #}
{% macro currency_to_convert(currency) -%}
    {%- if foreign_currency_treatment() == 'warn' -%}
        cast(null as string)
    {%- else -%}
        case when {{ is_foreign_currency(currency) }} then {{ currency }} end
    {%- endif -%}
{%- endmacro %}

{# An amount of an account in the base currency, at the rate of the day: null without a rate, and where the result is larger than an
   amount of the contract can be.

   {{ in_base_currency('postings.amount', 'accounts.currency_to_convert', 'rates.mid_rate') }} #}
{% macro in_base_currency(amount, currency_to_convert, mid_rate) -%}
    case
        when {{ currency_to_convert }} is null then {{ amount }}
        when abs(cast({{ amount }} as double)) * cast({{ mid_rate }} as double) < 9999999999999999
            then cast(round(cast({{ amount }} as decimal(18, 2)) * {{ mid_rate }}, 2) as decimal(18, 2))
    end
{%- endmacro %}
