-- From which day on all that a customer holds is known: one row a customer of whom earlier balances are unknown.
-- An average of a part and the whole would be neither (DECISIONS 71). Who opened after the ledgers begin has no row:
-- before opening there was nothing. A day to come says that nothing is known: an account in another currency has no
-- rate. Reads accounts and rates, and of both ledgers one column of their first batch.

{% set ledgers = [
    {
        'table': 'core.account_balances',
        'states': ref('stg_core__account_balances'),
        'unit': 'account_id',
        'customer': 'cast(null as string)',
        'date': 'balance_date',
    },
    {
        'table': 'wealth.holdings',
        'states': ref('stg_wealth__holdings'),
        'unit': "customer_id || '/' || product_id",
        'customer': 'customer_id',
        'date': 'holding_date',
    },
] %}

with

-- The ledgers that were delivered, and since when they cover balances.
ledgers as (
    select
        source_table,
        covered_from,
        first_batch_date
    from {{ ref('int_source__coverage') }}
    where
        source_table in ('core.account_balances', 'wealth.holdings')
        and is_delivered
),

-- The first balance of each unit in the first batch. It had one before, which nobody delivered.
first_balances as (
    {% for ledger in ledgers %}
        {{ 'union all' if not loop.first }}
        select
            ledgers.source_table,
            {{ ledger.unit }} as unit_key,
            max({{ ledger.customer }}) as core_customer_id,
            min(states.{{ ledger.date }}) as first_date
        from {{ ledger.states }} as states
        inner join ledgers
            on
                ledgers.source_table = '{{ ledger.table }}'
                and states.dt = ledgers.first_batch_date
        group by ledgers.source_table, {{ ledger.unit }}
    {% endfor %}
),

-- An account that was opened under the ledger's eyes is known from its first day.
accounts as (
    select
        core_accounts.customer_id as core_customer_id,
        greatest(ledgers.covered_from, first_balances.first_date) as known_from
    from {{ ref('stg_core__accounts') }} as core_accounts
    inner join ledgers
        on
            ledgers.source_table = 'core.account_balances'
            and core_accounts.opened_date < ledgers.covered_from
    inner join first_balances
        on
            core_accounts.account_id = first_balances.unit_key
            and ledgers.source_table = first_balances.source_table
),

holdings as (
    select
        first_balances.core_customer_id,
        greatest(ledgers.covered_from, first_balances.first_date) as known_from
    from first_balances
    inner join ledgers
        on first_balances.source_table = ledgers.source_table
    where first_balances.source_table = 'wealth.holdings'
),

-- What an account in another currency is worth is known from the first rate on. One closed before the windows is worth
-- nothing.
foreign_accounts as (
    select
        core_accounts.customer_id as core_customer_id,
        coalesce(min(rates.valid_from), {{ next_day() }}) as known_from
    from {{ ref('stg_core__accounts') }} as core_accounts
    left join {{ ref('int_currency__rates') }} as rates
        on {{ currency_to_convert('core_accounts.currency') }} = rates.currency
    where
        {{ currency_to_convert('core_accounts.currency') }} is not null
        and coalesce(core_accounts.closed_date > {{ days_ago(365) }}, true)
    group by core_accounts.account_id, core_accounts.customer_id
),

units as (
    select * from accounts
    union all
    select * from holdings
    union all
    select * from foreign_accounts
),

-- All is known from when the last of it is.
known as (
    select
        spine.customer_id,
        ledgers.covered_from as known_from
    from {{ ref('int_customer__spine') }} as spine
    inner join ledgers
        on spine.opened_date < ledgers.covered_from
    where spine.is_core_customer

    union all

    select
        identities.customer_id,
        units.known_from
    from units
    inner join {{ ref('int_customer__identity') }} as identities
        on
            units.core_customer_id = identities.source_key
            and identities.source_system = 'core'
    inner join {{ ref('int_customer__spine') }} as spine
        on
            identities.customer_id = spine.customer_id
            and units.known_from > spine.opened_date
),

known_from as (
    select
        customer_id,
        max(known_from) as known_from
    from known
    group by customer_id
)

select * from known_from
