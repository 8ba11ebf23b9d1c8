-- Who held what from when to when, for the year up to the business date. A balance stands until the next one, so
-- weekends and holidays are carried forward by construction; where no interval stands, the balance is zero. Reads
-- three columns of the whole balance and holding ledgers once: older rows shrink to one opening balance a unit.

{% set ledgers = [
    {
        'states': ref('stg_core__account_balances'),
        'key': ['account_id'],
        'date': 'balance_date',
        'balance': 'balance',
    },
    {
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
        issued_from
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
        cast('0001-01-01' as date) as issued_from
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
        units.issued_from
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
            {{ days_ago(365) }} as balance_date,
            max_by({{ ledger.balance }}, {{ ledger.date }}) as balance
        from {{ ledger.states }}
        where {{ ledger.date }} <= {{ days_ago(365) }}
        group by {{ ledger.key | join(', ') }}

        union all

        -- … and every balance after that day.
        select
            {{ ledger.key | join(" || '/' || ") }} as unit_key,
            {{ ledger.date }} as balance_date,
            {{ ledger.balance }} as balance
        from {{ ledger.states }}
        where {{ event_in_last_days(ledger.date, 365) }}
        {{ 'union all' if not loop.last }}
    {% endfor %}
),

-- A balance stands until the day of the next one.
successions as (
    select
        unit_key,
        balance_date as valid_from,
        balance,
        lead(balance_date, 1, {{ next_day() }}) over (partition by unit_key order by balance_date) as superseded_on
    from needed_balances
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
        greatest(successions.valid_from, classified_units.owned_from) as valid_from,
        least(
            successions.superseded_on,
            coalesce(classified_units.closed_date, {{ next_day() }}),
            classified_units.owned_until
        ) as valid_to,
        successions.balance
    from successions
    inner join classified_units
        on successions.unit_key = classified_units.unit_key
    where
        successions.balance <> 0
        and successions.valid_from >= classified_units.issued_from
),

intervals as (
    select *
    from bounded
    where valid_from < valid_to
)

select * from intervals
