{# What the extracts cover (DECISIONS 70). A source that the bank never delivered, and the time before its extracts begin, are unknown
   and never zero: a measure over them is null. int_source__covered_from says from which day on each source table covers what happened;
   a tag model joins it, one row, under the alias covered, and names what it rests on once:

       customers as (
           select
               spine.*,
               {{ is_covered(['core.accounts', 'core.transactions'], 30) }} as covers_30d
           from {{ ref('int_customer__spine') }} as spine
           left join {{ ref('int_source__covered_from') }} as covered on true
       )

   The columns that a tag reads there are the sources that it rests on: tag_rule_inputs keeps them (input_kind coverage), and
   governance.tag_coverage says by them what is unknown, or taken over a part of its window. #}

{# The source tables whose rows say on which day something happened, with that day. In the first batch of one whose rows are mostly
   of earlier days, history was loaded: lag_days is how much earlier a row of a plain day may be. A full load of a table of kind
   version holds all that stands. #}
{% macro dated_sources() -%}
    {{ return([
        {'system': 'core', 'name': 'account_balances', 'date': 'balance_date'},
        {'system': 'core', 'name': 'transactions', 'date': 'transaction_date'},
        {'system': 'wealth', 'name': 'holdings', 'date': 'holding_date'},
        {'system': 'wealth', 'name': 'orders', 'date': 'order_date'},
        {'system': 'card', 'name': 'card_transactions', 'date': 'transaction_date'},
        {'system': 'digital', 'name': 'app_events', 'date': 'event_date'},
        {'system': 'marketing', 'name': 'touches', 'date': 'touch_date'},
        {'system': 'crm', 'name': 'complaints', 'date': 'complained_date', 'is_version': true},
        {'system': 'lending', 'name': 'repayments', 'date': 'due_date', 'is_version': true, 'lag_days': 31},
    ]) }}
{%- endmacro %}

{# True where all these source tables cover what is asked: the last days up to the business date, or the customer's time with the bank
   where that is shorter; without days, that they were delivered at all. Needs covered, and with days the customer spine under
   the alias spine.

   {{ is_covered(['core.accounts', 'core.transactions'], 90) }} #}
{% macro is_covered(sources, days=none) -%}
    {%- for source in sources | unique -%}
        {%- set from_date = 'covered.' ~ source | replace('.', '__') -%}
        {{ ' and ' if not loop.first }}
        {%- if days is none -%}
            {{ from_date }} is not null
        {%- else -%}
            {{ from_date }} <= greatest({{ days_ago(days - 1) }}, spine.opened_date)
        {%- endif -%}
    {%- endfor -%}
{%- endmacro %}

{# The source tables on which the balances of accounts rest, and those of holdings: without the products nobody knows what a balance
   is of. #}
{% macro account_balances() -%}
    {{ return(['core.accounts', 'core.account_balances', 'core.products']) }}
{%- endmacro %}

{% macro holdings() -%}
    {{ return(['wealth.holdings', 'core.products']) }}
{%- endmacro %}

{# True where all that a customer holds is known on a day: int_aum__known_from, under the alias known, has no later one for them. #}
{% macro is_aum_known_on(day) -%}
    coalesce(known.known_from <= {{ day }}, true)
{%- endmacro %}
