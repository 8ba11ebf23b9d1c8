-- The tags of benchmarks/peers/tags.txt by hand: one DuckDB script straight from the extracts to one table, as somebody
-- would write it who knows the bank's data and needs these tags and no others. No layers, tests, history, quarantine
-- tables, dictionary or second engine; bad and repeated rows are dropped by the same rules, or the values would differ.
--
-- The caller sets raw, seeds, as_of.

create macro landed(name) as table
    select * from read_parquet(getvariable('raw') || '/' || name || '/dt=*/*.parquet', hive_partitioning = true)
    where dt <= getvariable('as_of');
create macro seed(name) as table from read_csv(getvariable('seeds') || '/' || name || '.csv');
create macro code(text) as upper(nullif(trim(text), ''));
create macro key(text) as nullif(trim(text), '');
create macro days_ago(n) as cast(getvariable('as_of') - to_days(n) as date);
create macro in_last(day, n) as day > days_ago(n) and day <= getvariable('as_of');
create macro average(total, days) as cast(round(cast(total * 100 as double) / days) * 0.01 as decimal(18, 2));


-- Who is who ----------------------------------------------------------------------------------------------------------

create macro digits(text) as translate(text, '０１２３４５６７８９＋-－–()（） 　	', '0123456789+');
create macro mobile(text) as case
    when regexp_full_match(digits(text), '(\+?86|0086)?1[3-9][0-9]{9}') then right(digits(text), 11)
end;
create macro person_name(text) as nullif(upper(translate(text, ' 　·', '')), '');
create macro id_no(text) as nullif(upper(translate(text, '０１２３４５６７８９ｘＸ 　', '0123456789XX')), '');
create macro check_digit(no) as substr('10X98765432', 1 + list_sum(list_transform(
    [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2], lambda weight, i: weight * try_cast(no[i] as int)
))::int % 11, 1);
create macro is_resident_id(no) as regexp_full_match(no, '[0-9]{17}[0-9X]') and no[18] = check_digit(no);

create temp table customers as
select
    customer_id, opened_date, status, person_name(name) as name, birth_date, mobile(mobile) as mobile,
    case
        when is_resident_id(id_no)
            or code(id_type) in ('PASSPORT', 'OTHER') and length(id_no) >= 5 and translate(id_no, id_no[1], '') <> ''
            then sha256(id_no)
    end as person_id
from (
    select * replace (key(customer_id) as customer_id, code(status) as status, id_no(id_no) as id_no)
    from landed('core/customers')
)
where
    customer_id is not null and opened_date <= dt and status in ('ACTIVE', 'CLOSED') and loaded_at is not null
    and coalesce(birth_date between date '1900-01-01' and dt, true) and coalesce(closed_date >= opened_date, true)
qualify row_number() over (partition by customer_id order by dt desc, loaded_at desc) = 1;

create temp table contacts as
select
    person_name(name) as name, birth_date, mobile(mobile) as mobile,
    case when regexp_full_match(trim(id_no_sha256), '[0-9a-fA-F]{64}') then lower(trim(id_no_sha256)) end as person_id
from (select * replace (key(contact_id) as contact_id) from landed('crm/contacts'))
where
    contact_id is not null and created_date <= dt and loaded_at is not null
    and coalesce(birth_date between date '1900-01-01' and dt, true)
qualify row_number() over (partition by contact_id order by dt desc, loaded_at desc) = 1;

-- Without an identity number, a record belongs where mobile, name and birth date lead, if they lead to one person.
create temp table persons as
select name, birth_date, mobile, count(distinct person_id) as ids, min(person_id) as person_id
from (
    select name, birth_date, mobile, person_id from customers
    union all
    from contacts
)
where name is not null and birth_date is not null and mobile is not null
group by all;

create temp table owners as
select
    customers.customer_id as core_customer_id,
    first(customer_id order by opened_date, customer_id) over person as customer_id,
    bool_or(status = 'ACTIVE') over person as is_active,
    min(opened_date) over person as opened_date
from customers
left join persons using (name, birth_date, mobile)
window person as (
    partition by case
        when customers.person_id is not null then customers.person_id
        when ids = 1 then persons.person_id
        when ids = 0 then mobile || name || birth_date
        else 'record:' || customer_id
    end
);

create temp table accounts as
select account_id, owners.customer_id, product_id, currency, closed_date
from (
    select * replace (
        key(account_id) as account_id, key(customer_id) as customer_id, key(product_id) as product_id,
        code(currency) as currency
    )
    from landed('core/accounts')
    where
        key(account_id) is not null and key(customer_id) is not null and key(product_id) is not null
        and key(currency) is not null and code(status) in ('ACTIVE', 'DORMANT', 'FROZEN', 'CLOSED')
        and opened_date <= dt and loaded_at is not null
        and coalesce(closed_date >= opened_date, true) and coalesce(maturity_date >= opened_date, true)
    qualify row_number() over (partition by key(account_id) order by dt desc, loaded_at desc) = 1
) as accounts
inner join owners on accounts.customer_id = owners.core_customer_id;

-- What a foreign currency cost from when to when: a rate stands until the next one.
create temp table rates as
select
    currency, rate_date as valid_from,
    lead(rate_date, 1, days_ago(-1)) over (partition by currency order by rate_date) as valid_to, mid_rate
from (
    select code(currency) as currency, rate_date, mid_rate
    from landed('core/exchange_rates')
    where mid_rate > 0 and rate_date <= dt and loaded_at is not null and code(currency) <> 'CNY'
    qualify row_number() over (partition by code(currency), rate_date order by dt desc, loaded_at desc) = 1
);
create macro in_yuan(money, mid_rate) as if(mid_rate is null, money, cast(round(money * mid_rate, 2) as decimal(18, 2)));


-- AUM -----------------------------------------------------------------------------------------------------------------

create temp table products as
select product_id, aum_component, balance_source
from (
    select key(product_id) as product_id, code(product_category) as product_category
    from landed('core/products')
    where key(product_name) is not null and loaded_at is not null and coalesce(delisted_date >= launched_date, true)
    qualify row_number() over (partition by key(product_id) order by dt desc, loaded_at desc) = 1
)
inner join seed('dictionaries/product_categories') using (product_category)
where in_aum;

-- A balance stands until the next one or the closing of its account. Only this month and 30 days ago are asked about: of
-- what is older, the last balance stands for all. Of the deliveries of one day's balance, the last counts.
create temp table aum as
with

since as (
    select least(date_trunc('month', getvariable('as_of')), days_ago(30))::date as day
),

account_balances as (
    select
        key(account_id) as account_id,
        greatest(balance_date, since.day) as balance_date,
        arg_max(balance, (balance_date, dt, loaded_at)) as balance
    from landed('core/account_balances'), since
    where balance is not null and balance_date <= dt and loaded_at is not null
    group by all
),

holdings as (
    select
        key(customer_id) as core_customer_id,
        key(product_id) as product_id,
        greatest(holding_date, since.day) as balance_date,
        arg_max(market_value, (holding_date, dt, loaded_at)) as balance
    from landed('wealth/holdings'), since
    where market_value >= 0 and holding_date <= dt and loaded_at is not null
    group by all
),

balances as (
    select customer_id, account_id as unit, currency, closed_date, aum_component, balance_date, balance
    from account_balances
    inner join accounts using (account_id)
    inner join products using (product_id)
    where balance_source = 'accounts'
    union all
    select customer_id, core_customer_id || '/' || product_id, null, null, aum_component, balance_date, balance
    from holdings
    inner join owners using (core_customer_id)
    inner join products using (product_id)
    where balance_source = 'holdings'
),

standing as (
    select
        *,
        least(
            lead(balance_date, 1, days_ago(-1)) over (partition by unit order by balance_date),
            coalesce(closed_date, days_ago(-1))
        ) as valid_to
    from balances
),

-- Each balance at the rates that stood while it did.
intervals as (
    select
        customer_id, aum_component, greatest(balance_date, valid_from) as balance_date,
        least(standing.valid_to, rates.valid_to) as valid_to, in_yuan(balance, mid_rate) as balance
    from standing
    left join rates
        on
            standing.currency = rates.currency
            and balance_date < rates.valid_to and standing.valid_to > rates.valid_from
)

select
    customer_id,
    sum(balance) filter (valid_to > getvariable('as_of')) as aum_spot,
    sum(balance) filter (valid_to > getvariable('as_of') and aum_component = 'deposit') as aum_deposit_spot,
    sum(balance) filter (balance_date <= days_ago(30) and valid_to > days_ago(30)) as aum_30d_ago,
    average(
        sum(balance * greatest(0, valid_to - greatest(balance_date, date_trunc('month', getvariable('as_of'))::date))),
        day(getvariable('as_of'))
    ) as aum_month_avg
from intervals
where balance_date < valid_to
group by customer_id;


-- Transactions --------------------------------------------------------------------------------------------------------

-- Rows delivered again are few: only they are ranked.
create temp table behaviour as
with

valid as (
    select
        key(transaction_id) as transaction_id, key(account_id) as account_id, transaction_date, transaction_at,
        code(direction) as direction, amount, code(transaction_type) as transaction_type, code(channel) as channel,
        key(counterparty_account) as counterparty_account, key(reverses_transaction_id) as reverses_transaction_id,
        loaded_at, dt
    from landed('core/transactions')
    where
        key(transaction_id) is not null and code(direction) in ('IN', 'OUT') and amount >= 0
        and transaction_date <= dt and loaded_at is not null
),

repeated as (
    select transaction_id, transaction_date from valid group by all having count(*) > 1
),

first_deliveries as (
    from valid anti join repeated using (transaction_id, transaction_date)
    union all
    from valid semi join repeated using (transaction_id, transaction_date)
    qualify row_number() over (partition by transaction_id, transaction_date order by dt, loaded_at) = 1
),

-- What a reversal names, else the last posting before it of its account and amount; both are nothing.
reversals as (
    from first_deliveries where transaction_type = 'REVERSAL' or reverses_transaction_id is not null
),

reversed as (
    select
        reversals.transaction_id as reversal_id, reversals.transaction_date as reversal_date,
        postings.transaction_id, postings.transaction_date
    from reversals
    inner join first_deliveries as postings
        on
            reversals.account_id = postings.account_id and reversals.amount = postings.amount
            and reversals.direction <> postings.direction
            and case
                when reversals.reverses_transaction_id is not null
                    then reversals.reverses_transaction_id = postings.transaction_id
                else postings.transaction_at <= reversals.transaction_at
            end
            and reversals.transaction_date - postings.transaction_date
            between 0 and if(reversals.reverses_transaction_id is null, 30, 180)
    qualify row_number() over (
        partition by reversals.transaction_id, reversals.transaction_date order by postings.transaction_at desc
    ) = 1
),

nothing as (
    select transaction_id, transaction_date from reversed
    union all
    select reversal_id, reversal_date from reversed
),

initiators as (
    select transaction_type, direction, channels.channel, coalesce(exact.initiator, usual.initiator) as initiator,
        coalesce(exact.is_activity, usual.is_activity) as is_activity
    from (select * exclude (channel) from seed('dictionaries/transaction_initiators') where channel is null) as usual
    cross join seed('dictionaries/channels') as channels
    left join seed('dictionaries/transaction_initiators') as exact using (transaction_type, direction, channel)
),

postings as (
    select
        accounts.customer_id, transaction_date, direction, in_yuan(amount, mid_rate) as amount, category, initiator,
        is_activity, channel,
        coalesce(is_digital, false) as is_digital,
        initiator = 'customer' as is_own,
        in_last(transaction_date, 7) as in_7d,
        in_last(transaction_date, 30) as in_30d,
        in_last(transaction_date, 90) as in_90d,
        in_last(transaction_date, 365) as in_365d
    from (from first_deliveries anti join nothing using (transaction_id, transaction_date)) as counted
    inner join accounts using (account_id)
    left join rates
        on accounts.currency = rates.currency and transaction_date >= valid_from and transaction_date < valid_to
    inner join seed('dictionaries/transaction_types') using (transaction_type)
    left join initiators using (transaction_type, direction, channel)
    left join seed('dictionaries/channels') using (channel)
    left join accounts as own
        on
            is_move and counterparty_account <> counted.account_id
            and counterparty_account = own.account_id and accounts.customer_id = own.customer_id
    where own.account_id is null
)

select
    customer_id,
    max(transaction_date) filter (is_activity) as last_activity_date,
    count(*) filter (is_activity and in_365d) as activity_count_365d,
    sum(amount) filter (is_activity and in_365d) as activity_amount_365d,
    count(*) filter (is_own and in_7d) as transaction_count_7d,
    count(*) filter (is_own and in_30d) as transaction_count_30d,
    count(*) filter (is_own and in_90d) as transaction_count_90d,
    count(*) filter (is_own and in_365d) as transaction_count_365d,
    sum(amount) filter (is_own and in_30d) as transaction_amount_30d,
    sum(amount) filter (is_own and in_90d) as transaction_amount_90d,
    sum(amount) filter (direction = 'IN' and in_30d) as inflow_amount_30d,
    sum(amount) filter (direction = 'OUT' and in_90d) as outflow_amount_90d,
    count(*) filter (is_own and category = 'transfer' and direction = 'OUT' and in_30d) as transfer_count_30d,
    sum(amount) filter (is_own and category = 'transfer' and direction = 'OUT' and in_30d) as transfer_amount_30d,
    count(*) filter (is_own and is_digital and in_90d) as digital_transaction_count_90d,
    count(*) filter (is_own and channel = 'COUNTER' and in_90d) as counter_transaction_count_90d,
    count(*) filter (is_own and channel = 'ATM' and in_90d) as atm_transaction_count_90d,
    count(*) filter (initiator = 'bank' and in_90d) as bank_posting_count_90d
from postings
group by customer_id;


-- Mobile bank, cards, loans -------------------------------------------------------------------------------------------

create temp table app as
select
    owners.customer_id,
    count(distinct event_date) as app_active_days_30d,
    count(*) filter (event_type = 'login' and in_last(event_date, 7)) as app_login_count_7d,
    count(*) filter (event_type = 'login') as app_login_count_30d
from (
    select key(customer_id) as customer_id, event_date, lower(key(event_type)) as event_type
    from landed('digital/app_events')
    where
        in_last(event_date, 30) and dt > days_ago(30) and event_date <= dt
        and key(event_id) is not null and key(device_id) is not null and event_at is not null and loaded_at is not null
        and lower(key(event_type)) in ('login', 'page_view', 'click', 'application_start', 'application_submit')
    qualify row_number() over (partition by key(event_id), event_date order by dt, loaded_at) = 1
) as events
inner join owners on events.customer_id = owners.core_customer_id
group by owners.customer_id;

create temp table cards as
select card_id, owners.customer_id
from (
    select key(card_id) as card_id, key(customer_id) as customer_id
    from landed('card/cards')
    where
        key(card_id) is not null and key(customer_id) is not null and loaded_at is not null
        and code(card_type) in ('DEBIT', 'CREDIT') and issued_date <= dt
        and coalesce(activated_date >= issued_date, true) and coalesce(closed_date >= issued_date, true)
    qualify row_number() over (partition by key(card_id) order by dt desc, loaded_at desc) = 1
) as cards
inner join owners on cards.customer_id = owners.core_customer_id;

create temp table spending as
with

valid as (
    select
        key(card_transaction_id) as card_transaction_id, key(card_id) as card_id, transaction_date, trim(mcc) as mcc,
        code(transaction_type) as transaction_type, amount, loaded_at, dt
    from landed('card/card_transactions')
    where
        in_last(transaction_date, 365) and dt > days_ago(365) and transaction_date <= dt
        and key(card_transaction_id) is not null and key(card_id) is not null
        and code(transaction_type) in ('PURCHASE', 'REFUND') and amount > 0 and loaded_at is not null
),

repeated as (
    select card_transaction_id, transaction_date from valid group by all having count(*) > 1
),

postings as (
    select
        *,
        transaction_type = 'PURCHASE' as is_purchase,
        case transaction_type when 'PURCHASE' then amount else -amount end as net_amount,
        in_last(transaction_date, 90) as in_90d
    from (
        from valid anti join repeated using (card_transaction_id, transaction_date)
        union all
        from valid semi join repeated using (card_transaction_id, transaction_date)
        qualify row_number() over (partition by card_transaction_id, transaction_date order by dt, loaded_at) = 1
    )
)

select
    cards.customer_id,
    sum(net_amount) filter (in_90d) as card_spending_amount_90d,
    sum(net_amount) as card_spending_amount_365d,
    count(*) filter (is_purchase and in_90d) as card_purchase_count_90d,
    sum(net_amount) filter (consumption_category = 'grocery' and in_90d) as grocery_spending_amount_90d,
    sum(net_amount) filter (consumption_category = 'dining' and in_90d) as dining_spending_amount_90d,
    sum(net_amount) filter (consumption_category = 'travel' and in_90d) as travel_spending_amount_90d
from postings
inner join cards using (card_id)
left join (select mcc::varchar as mcc, consumption_category from seed('dictionaries/merchant_categories')) using (mcc)
group by cards.customer_id;

create temp table arrears as
with

loans as (
    select
        key(loan_id) as loan_id, key(customer_id) as customer_id, code(status) as status, outstanding_principal,
        maturity_date
    from landed('lending/loans')
    where
        key(loan_id) is not null and key(customer_id) is not null and key(product_id) is not null
        and code(loan_type) in ('MORTGAGE', 'CONSUMER', 'BUSINESS', 'AUTO', 'AGRICULTURE')
        and code(status) in ('ACTIVE', 'SETTLED', 'WRITTEN_OFF') and principal > 0 and outstanding_principal >= 0
        and granted_date <= dt and coalesce(maturity_date >= granted_date, true) and loaded_at is not null
    qualify row_number() over (partition by key(loan_id) order by dt desc, loaded_at desc) = 1
),

instalments as (
    select
        key(loan_id) as loan_id, due_date, paid_date, greatest(due_amount - paid_amount, 0) as unpaid_amount
    from landed('lending/repayments')
    where
        key(loan_id) is not null and instalment_no >= 1 and due_date is not null and due_amount >= 0
        and paid_amount >= 0 and coalesce(paid_date <= dt, true) and loaded_at is not null
    qualify row_number() over (partition by key(loan_id), instalment_no order by dt desc, loaded_at desc) = 1
),

-- What is left when a loan has matured is due too, as far as no instalment says so.
due as (
    select loan_id, due_date, paid_date, unpaid_amount
    from instalments
    where due_date < getvariable('as_of')
    union all
    select
        loan_id, greatest(maturity_date, max(due_date)), null,
        outstanding_principal - coalesce(sum(unpaid_amount) filter (due_date < getvariable('as_of')), 0)
    from loans
    left join instalments using (loan_id)
    where status <> 'SETTLED'
    group by loan_id, maturity_date, outstanding_principal
    having
        greatest(maturity_date, max(due_date)) < getvariable('as_of')
        and outstanding_principal > coalesce(sum(unpaid_amount) filter (due_date < getvariable('as_of')), 0)
)

select
    owners.customer_id,
    sum(unpaid_amount) filter (status <> 'SETTLED') as loan_overdue_amount,
    count(*) filter (in_last(due_date, 365) and (unpaid_amount > 0 or paid_date > due_date)) as loan_overdue_count_365d,
    max(case when unpaid_amount > 0 then getvariable('as_of') - due_date else 0 end) filter (status <> 'SETTLED')
        as loan_days_past_due_max
from loans
inner join owners on loans.customer_id = owners.core_customer_id
-- A loan on which nothing has fallen due is no day late.
left join due using (loan_id)
group by owners.customer_id;


-- RFM and tier --------------------------------------------------------------------------------------------------------

create temp table measured as
select
    *,
    activity_count_365d / months_observed as activity_monthly_avg_365d
from (
    select
        customer_id, is_active, opened_date,
        coalesce(aum_spot, 0) as aum_spot,
        coalesce(aum_deposit_spot, 0) as aum_deposit_spot,
        coalesce(aum_month_avg, 0) as aum_month_avg,
        coalesce(aum_spot, 0) - coalesce(aum_30d_ago, 0) as aum_change_30d,
        getvariable('as_of') - last_activity_date as activity_recency_days,
        coalesce(activity_count_365d, 0) as activity_count_365d,
        coalesce(activity_amount_365d, 0) as activity_amount_365d,
        greatest(1.0::double, (getvariable('as_of') - greatest(opened_date, days_ago(364)) + 1)::double * 12 / 365)
            as months_observed
    from (select distinct on (customer_id) * exclude core_customer_id from owners)
    left join aum using (customer_id)
    left join behaviour using (customer_id)
);

-- Fifths of the eligible customers, equals together, none at all in the lowest.
create temp table scored as
with

axes as (
    select
        customer_id,
        unnest(['recency', 'frequency', 'monetary']) as axis,
        unnest([
            -least(coalesce(activity_recency_days, 365), 365)::double, activity_monthly_avg_365d, aum_month_avg::double
        ]) as goodness
    from measured
    where is_active and getvariable('as_of') - opened_date >= 90
),

fifths as (
    select
        *,
        case
            when goodness > if(axis = 'recency', -365, 0)
                then ceil(5 * count(*) over (partition by axis order by goodness) / count(*) over (partition by axis))::int
            else 1
        end as score
    from axes
)

select
    customer_id,
    max(score) filter (axis = 'recency') as rfm_recency_score,
    max(score) filter (axis = 'frequency') as rfm_frequency_score,
    max(score) filter (axis = 'monetary') as rfm_monetary_score
from fifths
group by customer_id;

-- The class is by the bands of policy: days since the last activity, activities a month, and the tier.
create temp table high_from as
select
    max(value_to) filter (axis = 'recency') as recency_below,
    min(value_from) filter (measure = 'activity_monthly_avg_365d') as frequency_from,
    (
        select min(aum_from)
        from seed('policy/tiers/pyramid_tiers') as bounds inner join seed('policy/rfm/rfm_tier_scores') as scores using (tier)
        where bounds.currency = 'CNY' and scores.is_high
    ) as monetary_from
from seed('policy/rfm/rfm_bands')
where currency = 'CNY' and is_high;

create temp table classed as
select
    customer_id,
    coalesce(activity_recency_days < recency_below, false)::int || (activity_monthly_avg_365d >= frequency_from)::int
        || (aum_month_avg >= monetary_from)::int as rfm_pattern
from measured cross join high_from
where is_active and getvariable('as_of') - opened_date >= 90;

create temp table tiers as
select tier, coalesce(aum_from, -1e15)::decimal(18, 2) as aum_from
from seed('policy/tiers/pyramid_tiers')
where
    currency = 'CNY' and valid_from <= getvariable('as_of')
    and coalesce(getvariable('as_of') < valid_to::date, true);

create table tags as
select
    measured.customer_id, aum_spot, aum_deposit_spot, aum_month_avg, aum_change_30d,
    activity_recency_days, measured.activity_count_365d, measured.activity_amount_365d, activity_monthly_avg_365d,
    coalesce(transaction_count_7d, 0) as transaction_count_7d,
    coalesce(transaction_count_30d, 0) as transaction_count_30d,
    coalesce(transaction_count_90d, 0) as transaction_count_90d,
    coalesce(transaction_count_365d, 0) as transaction_count_365d,
    coalesce(transaction_amount_30d, 0) as transaction_amount_30d,
    coalesce(transaction_amount_90d, 0) as transaction_amount_90d,
    coalesce(inflow_amount_30d, 0) as inflow_amount_30d,
    coalesce(outflow_amount_90d, 0) as outflow_amount_90d,
    coalesce(transfer_count_30d, 0) as transfer_count_30d,
    coalesce(transfer_amount_30d, 0) as transfer_amount_30d,
    coalesce(digital_transaction_count_90d, 0) as digital_transaction_count_90d,
    coalesce(counter_transaction_count_90d, 0) as counter_transaction_count_90d,
    coalesce(atm_transaction_count_90d, 0) as atm_transaction_count_90d,
    coalesce(bank_posting_count_90d, 0) as bank_posting_count_90d,
    coalesce(app_active_days_30d, 0) as app_active_days_30d,
    coalesce(app_login_count_7d, 0) as app_login_count_7d,
    coalesce(app_login_count_30d, 0) as app_login_count_30d,
    coalesce(card_spending_amount_90d, 0) as card_spending_amount_90d,
    coalesce(card_spending_amount_365d, 0) as card_spending_amount_365d,
    coalesce(card_purchase_count_90d, 0) as card_purchase_count_90d,
    coalesce(grocery_spending_amount_90d, 0) as grocery_spending_amount_90d,
    coalesce(dining_spending_amount_90d, 0) as dining_spending_amount_90d,
    coalesce(travel_spending_amount_90d, 0) as travel_spending_amount_90d,
    coalesce(loan_overdue_amount, 0) as loan_overdue_amount,
    coalesce(loan_overdue_count_365d, 0) as loan_overdue_count_365d,
    loan_days_past_due_max,
    rfm_recency_score, rfm_frequency_score, rfm_monetary_score, coalesce(rfm_class, 'not_applicable') as rfm_class,
    month_tiers.tier as aum_tier,
    spot_tiers.tier as aum_tier_spot
from measured
left join behaviour using (customer_id)
left join app using (customer_id)
left join spending using (customer_id)
left join arrears using (customer_id)
left join scored using (customer_id)
left join classed using (customer_id)
left join (select rfm_pattern::varchar as rfm_pattern, rfm_class from seed('policy/rfm/rfm_classes')) using (rfm_pattern)
asof left join tiers as month_tiers on is_active = true and aum_month_avg >= month_tiers.aum_from
asof left join tiers as spot_tiers on is_active = true and aum_spot >= spot_tiers.aum_from;
