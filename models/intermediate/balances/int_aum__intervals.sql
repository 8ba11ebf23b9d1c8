-- Who held what from when to when, for the year up to the business date. A balance stands until the next one, so
-- weekends and holidays are carried forward by construction; where no interval stands, the balance is zero. The balance
-- of an account in another currency is worth what it converts to on each day: its intervals end with the rates too.
-- Days on which only a part of what a customer holds is known (int_aum__known_from) are left out. Reads three columns
-- of the whole balance and holding ledgers once: older rows shrink to one opening balance a unit.

{% set ledgers = [
    {
        'system': 'core',
        'table': 'account_balances',
        'states': ref('stg_core__account_balances'),
        'key': ['account_id'],
        'date': 'balance_date',
        'balance': 'balance',
    },
    {
        'system': 'wealth',
        'table': 'holdings',
        'states': ref('stg_wealth__holdings'),
        'key': ['customer_id', 'product_id'],
        'date': 'holding_date',
        'balance': 'market_value',
    },
] %}

with

-- Accounts and holdings in one shape: the unit that carries a balance, its owner and from when to when, product and
-- end.
units as (
    select
        account_id as unit_key,
        core_customer_id,
        product_id,
        'accounts' as balance_source,
        closed_date,
        valid_from as owned_from,
        valid_to as owned_until,
        issued_from,
        {{ currency_to_convert('currency') }} as currency_to_convert
    from {{ ref('int_accounts__owners') }}

    union all

    select distinct
        customer_id || '/' || product_id as unit_key,
        customer_id as core_customer_id,
        product_id,
        'holdings' as balance_source,
        cast(null as date) as closed_date,
        cast('0001-01-01' as date) as owned_from,
        {{ next_day() }} as owned_until,
        cast('0001-01-01' as date) as issued_from,
        cast(null as string) as currency_to_convert
    from {{ ref('stg_wealth__holdings') }}
),

-- A category counts in the one ledger that its dictionary row names, so nothing is counted twice and loans never
-- are.
classified_units as (
    select
        units.unit_key,
        identities.customer_id,
        categories.product_category,
        categories.aum_component,
        categories.in_aum,
        units.closed_date,
        units.owned_from,
        units.owned_until,
        units.issued_from,
        units.currency_to_convert
    from units
    inner join {{ ref('int_customer__identity') }} as identities
        on
            units.core_customer_id = identities.source_key
            and identities.source_system = 'core'
    inner join {{ ref('stg_core__products') }} as products
        on units.product_id = products.product_id
    inner join {{ ref('product_categories') }} as categories
        on
            products.product_category = categories.product_category
            and units.balance_source = categories.balance_source
),

-- The last balance up to the first day that any window needs, however old it is …
needed_balances as (
    {% for ledger in ledgers %}
        select
            {{ ledger.key | join(" || '/' || ") }} as unit_key,
            '{{ ledger.table }}' as ledger,
            {{ days_ago(365) }} as balance_date,
            max({{ ledger.date }}) as stated_on,
            max_by({{ ledger.balance }}, {{ ledger.date }}) as balance
        from {{ ledger.states }}
        where {{ ledger.date }} <= {{ days_ago(365) }}
        group by {{ ledger.key | join(', ') }}

        union all

        -- … and every balance after that day.
        select
            {{ ledger.key | join(" || '/' || ") }} as unit_key,
            '{{ ledger.table }}' as ledger,
            {{ ledger.date }} as balance_date,
            {{ ledger.date }} as stated_on,
            {{ ledger.balance }} as balance
        from {{ ledger.states }}
        where {{ event_in_last_days(ledger.date, 365) }}
        {{ 'union all' if not loop.last }}
    {% endfor %}
),

-- The days of the ledgers that the bank delivers as complete snapshots (seed delivery_modes), each with the next.
snapshots as (
    {% for ledger in ledgers %}
        select distinct
            '{{ ledger.table }}' as ledger,
            states.{{ ledger.date }} as snapshot_date
        from {{ ledger.states }} as states
        inner join {{ ref('delivery_modes') }} as modes
            on
                modes.system_name = '{{ ledger.system }}'
                and modes.table_name = '{{ ledger.table }}'
                and modes.mode = 'snapshot'
        where states.{{ ledger.date }} <= {{ as_of_date() }}
        {{ 'union all' if not loop.last }}
    {% endfor %}
),

next_snapshots as (
    select
        ledger,
        snapshot_date,
        lead(snapshot_date, 1, {{ next_day() }}) over (partition by ledger order by snapshot_date) as next_snapshot_date
    from snapshots
),

-- A balance stands until the day of the next one; one that the next complete snapshot leaves out, until that.
successions as (
    select
        needed_balances.unit_key,
        needed_balances.balance_date as valid_from,
        needed_balances.balance,
        least(
            lead(needed_balances.balance_date, 1, {{ next_day() }})
                over (partition by needed_balances.unit_key order by needed_balances.balance_date),
            coalesce(next_snapshots.next_snapshot_date, {{ next_day() }})
        ) as superseded_on
    from needed_balances
    left join next_snapshots
        on
            needed_balances.ledger = next_snapshots.ledger
            and needed_balances.stated_on = next_snapshots.snapshot_date
),

-- A closed account holds nothing from its closing day on, even if the ledger sent no zero. A balance is its owner's
-- while the account is; one from before a new issue of the number is the former owner's.
bounded as (
    select
        classified_units.customer_id,
        successions.unit_key,
        classified_units.product_category,
        classified_units.aum_component,
        classified_units.in_aum,
        classified_units.currency_to_convert,
        greatest(
            successions.valid_from,
            classified_units.owned_from,
            coalesce(known.known_from, successions.valid_from)
        ) as valid_from,
        least(
            successions.superseded_on,
            coalesce(classified_units.closed_date, {{ next_day() }}),
            classified_units.owned_until
        ) as valid_to,
        -- Wide enough for sums over days and customers of the largest amount that the contract admits.
        cast(successions.balance as decimal(28, 2)) as balance
    from successions
    inner join classified_units
        on successions.unit_key = classified_units.unit_key
    left join {{ ref('int_aum__known_from') }} as known
        on classified_units.customer_id = known.customer_id
    where
        successions.balance <> 0
        and successions.valid_from >= classified_units.issued_from
),

-- Each day's balance at the rate of the day. Without a rate it is in no interval.
converted as (
    select
        bounded.customer_id,
        bounded.unit_key,
        bounded.product_category,
        bounded.aum_component,
        bounded.in_aum,
        greatest(bounded.valid_from, coalesce(rates.valid_from, bounded.valid_from)) as valid_from,
        least(bounded.valid_to, coalesce(rates.valid_to, bounded.valid_to)) as valid_to,
        {{ in_base_currency('bounded.balance', 'bounded.currency_to_convert', 'rates.mid_rate') }} as balance
    from bounded
    left join {{ ref('int_currency__rates') }} as rates
        on
            bounded.currency_to_convert = rates.currency
            and bounded.valid_from < rates.valid_to
            and bounded.valid_to > rates.valid_from
),

intervals as (
    select *
    from converted
    where
        valid_from < valid_to
        and balance <> 0
)

select * from intervals
