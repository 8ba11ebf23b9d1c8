-- One month of the core system: postings, then end-of-day balances. Everything a customer does comes from these steps:
-- fixed postings (income, interest, fees, investments, loans, cards), then free spending that steers cash to its planned level.

{% if is_first %}
-- Balances at the end of the first day, before anything is posted.
create table closing as
select
    account.a,
    account.n,
    case
        when foreign_account.a is not null then foreign_account.cents
        when account.n = 0 then 4000000
        when account.n = 1 and account.a % 100 = 0 then {{ updown_first_cash_cents }}
        when account.a % 100 = 0 and person.single_product in ('wealth', 'time') then 0
        when account.a % 100 = 0 then cash_level(person.stage, person.cash, {{ months_to_end + 1 }})
        else tranche.units
    end as cents
from account
inner join person using (n)
left join tranche on account.n = tranche.n and account.a % 100 = tranche.slot and tranche.cat = 1 and tranche.slot > 0
left join foreign_account on account.a = foreign_account.a
where account.opened_date < date '{{ start }}'
order by account.a;
{% endif %}

-- Who does business with the bank this month, and when their money comes.
create temp table active as
with dated as (
    select
        *,
        date_trunc('month', date '{{ first }}')::date + cast(payday - 1 as integer) as payday_date,
        income_type in ('SALARY', 'PENSION') as is_payroll
    from person
),
shifted as (
    -- Payroll that falls on a weekend comes on Friday.
    select * replace (case when is_payroll and n <> 0 and isodow(payday_date) >= 6 then payday_date - cast(isodow(payday_date) - 5 as integer) else payday_date end as payday_date)
    from dated
)
select n, n * 100 as a, n * 10000 + {{ serial }} as k, income, income_type, employer, payday_date, activity, hour, opened_date, closed_date, dormant_from, stage, cash, tier, is_app_user, is_coupled, age
from shifted
where
    n <> 1 and single_product is distinct from 'wealth' and single_product is distinct from 'time'
    and income > 0
    and payday_date between date '{{ activity_first }}' and date '{{ last }}'
    and payday_date >= opened_date
    and (closed_date is null or payday_date < closed_date)
    and (dormant_from is null or payday_date < dormant_from)
    and (is_payroll or n = 0 or u(n * 10000 + {{ serial }}, 'active month') < steadiness)
order by n;

-- Money for the household, from the spouse who is paid first to the other on their payday.
create temp table household_move as
select giver.n, taker.n as other, taker.payday_date as d, giver.k, giver.income // 8 as cents
from active as giver
inner join active as taker on taker.n = case when giver.n % 2 = 0 then giver.n + 1 else giver.n - 1 end
where
    giver.is_coupled and taker.is_coupled and giver.n >= 2 and taker.n >= 2 and u(giver.n // 2, 'shares money') < 0.5
    and (giver.payday_date < taker.payday_date or giver.payday_date = taker.payday_date and giver.n < taker.n)
    and (giver.closed_date is null or taker.payday_date < giver.closed_date)
    and (giver.dormant_from is null or taker.payday_date < giver.dormant_from);

-- Postings that are not free: account, day, second of the day, a code unique for the account and day, and cents with their sign.
create temp table fixed as
with legs as (
    -- Income.
    select n, a, payday_date as d, 32400 + u_int(k, 'income at', 3600) as s, 1 as code, 1 as sign, income as cents, income_type as transaction_type,
        case income_type when 'SALARY' then 'SYSTEM' when 'PENSION' then 'SYSTEM' when 'CASH_DEPOSIT' then pick(['ATM', 'ATM', 'COUNTER'], k, 'income channel') else pick(['APP', 'APP', 'WEB'], n, 'income channel') end as channel,
        case when income_type in ('SALARY', 'PENSION') then 'E' when income_type = 'TRANSFER' then 'X' end as party_kind,
        case when income_type in ('SALARY', 'PENSION') then employer else n * 10 end as party,
        case income_type when 'TRANSFER' then pick(['ICBC', 'CCB', 'ABC', 'BOC', 'CMB'], n, 'home bank') end as bank
    from active
    union all
    -- First deposit of a new customer.
    select n, n * 100, opened_date, 36000 + u_int(n, 'opened at', 20000), 2, 1, greatest(1000, cash), case when u(n, 'first deposit') < 0.4 then 'CASH_DEPOSIT' else 'TRANSFER' end,
        case when u(n, 'first deposit') < 0.4 then 'COUNTER' else 'APP' end,
        case when u(n, 'first deposit') >= 0.4 then 'X' end, n * 10, case when u(n, 'first deposit') >= 0.4 then pick(['ICBC', 'CCB', 'ABC', 'BOC', 'CMB'], n, 'home bank') end
    from person
    where stage = 'joiner' and opened_date between date '{{ activity_first }}' and date '{{ last }}'
    {%- if interest_day %}
    union all
    -- Quarterly interest on every open demand account, posted by the system.
    select n, n * 100, date '{{ interest_day }}', 7200 + u_int(n, 'interest at', 3600), 3, 1,
        greatest(1, cast(floor(case when n = 1 then 10000000 when single_product in ('wealth', 'time') then 2000000 else cash_level(stage, cash, {{ months_to_end }}) end * 0.0005) as bigint)), 'INTEREST', 'SYSTEM', null, null, null
    from person
    where opened_date < date '{{ interest_day }}' and (closed_date is null or closed_date > date '{{ interest_day }}')
    union all
    -- Swept out again where the account is kept at a fixed amount.
    select n, n * 100, date '{{ interest_day }}', 10900, 4, -1,
        greatest(1, cast(floor(case when n = 1 then 10000000 else 2000000 end * 0.0005) as bigint)), 'AUTO_DEBIT', 'SYSTEM', null, null, null
    from person
    where n = 1 or single_product in ('wealth', 'time')
    {%- endif %}
    {%- if fee_day %}
    union all
    -- Message fee of customers without the mobile bank.
    select n, n * 100, date '{{ fee_day }}', 10800 + u_int(n, 'fee at', 1800), 5, -1, 200, 'FEE', 'SYSTEM', null, null, null
    from person
    where not is_app_user and cash > 30000 and n >= 2 and opened_date < date '{{ fee_day }}' and (closed_date is null or closed_date > date '{{ fee_day }}')
    {%- endif %}
    union all
    -- Private clients who keep nothing in cash, and the customer of the 80-15-120 story: money comes and goes within the day.
    select n, n * 100, date '{{ first }}' + cast(floor({{ month_days }} * (i.i + 0.2 + 0.6 * u(n * 1000000 + {{ serial }} * 10 + i.i, 'pass day')) / 3) as integer), 36000 + 3600 * side.side, 6 + 2 * cast(i.i as integer) + side.side,
        1 - 2 * side.side, 500000 + u_int(n * 1000000 + {{ serial }} * 10 + i.i, 'pass amount', 2500000), 'TRANSFER', 'APP', 'X', n * 10 + side.side, 'CMB'
    from person
    cross join range(3) as i (i)
    cross join (values (0), (1)) as side (side)
    where n = 1 or single_product in ('wealth', 'time')
    union all
    -- Repayment of the credit card, two days after payday.
    select active.n, active.a, payday_date + 2, 50000, 12, -1, credit_card.spend_cents, 'CARD_REPAYMENT', 'APP', null, null, null
    from active
    inner join credit_card using (n)
    where payday_date + 2 <= date '{{ last }}' and credit_card.activated_date < payday_date - 40 and credit_card.spend_cents > 0
        and (credit_card.overdue_days is null or payday_date + 2 < date '{{ end }}' - credit_card.overdue_days)
    union all
    -- Loan instalments, paid with money sent in the same day from the salary account elsewhere.
    select n, n * 100, paid_date, 34000 + 4000 * side.side, 14 + side.side, 1 - 2 * side.side, instalment_cents, case side.side when 0 then 'TRANSFER' else 'LOAN_REPAYMENT' end,
        case side.side when 0 then 'APP' else 'SYSTEM' end, case side.side when 0 then 'X' end, n * 10, case side.side when 0 then 'ICBC' end
    from instalment
    cross join (values (0), (1)) as side (side)
    where paid_date between date '{{ activity_first }}' and date '{{ last }}' and paid_date > granted_date
    union all
    select n, n * 100, granted_date, 39000 + 4000 * side.side, 16 + side.side, 1 - 2 * side.side, principal_cents, case side.side when 0 then 'LOAN_DISBURSEMENT' else 'TRANSFER' end,
        case side.side when 0 then 'SYSTEM' else 'COUNTER' end, case side.side when 1 then 'X' end, n * 10 + 7, case side.side when 1 then 'CCB' end
    from loan
    cross join (values (0), (1)) as side (side)
    where granted_date between date '{{ activity_first }}' and date '{{ last }}'
    union all
    -- Purchase of an investment: money comes in from another bank (but for rolls and monthly plans), then is invested.
    select n, n * 100, start_date, 35000 + u_int(n * 1000 + slot, 'funded at', 1000), 100 + 10 * cast(slot as integer), 1, buy_cents, 'TRANSFER', 'APP', 'X', n * 10, 'CMB'
    from tranche
    where start_date between date '{{ activity_first }}' and date '{{ last }}' and not is_roll and order_type <> 'SIP'
    union all
    select n, n * 100, start_date, 39600 + u_int(n * 1000 + slot, 'bought at', 10000), 101 + 10 * cast(slot as integer), -1, buy_cents,
        case cat when 1 then 'TRANSFER' when 4 then 'INSURANCE_PREMIUM' else 'WEALTH_PURCHASE' end,
        case when order_type = 'SIP' then 'SYSTEM' when n < 2 then 'APP' else pick(['APP', 'APP', 'APP', 'WEB', 'COUNTER', 'PHONE', 'WECOM'], n * 1000 + slot, 'order channel') end,
        case cat when 1 then 'A' end, n * 100 + slot, null
    from tranche
    where start_date between date '{{ activity_first }}' and date '{{ last }}'
    union all
    select n, n * 100 + slot, start_date, 39600 + u_int(n * 1000 + slot, 'bought at', 10000), 102 + 10 * cast(slot as integer), 1, buy_cents, 'TRANSFER',
        pick(['APP', 'APP', 'APP', 'WEB', 'COUNTER', 'PHONE', 'WECOM'], n * 1000 + slot, 'order channel'), 'A', n * 100, null
    from tranche
    where cat = 1 and start_date between date '{{ activity_first }}' and date '{{ last }}'
    union all
    -- Sale or maturity: the money comes back, and leaves the bank unless it is invested again the next day.
    select n, n * 100 + slot, end_date, 30000, 103 + 10 * cast(slot as integer), -1, sell_cents, 'TRANSFER', 'SYSTEM', 'A', n * 100, null
    from tranche
    where cat = 1 and end_date between date '{{ activity_first }}' and date '{{ last }}'
    union all
    select n, n * 100, end_date, 30000, 104 + 10 * cast(slot as integer), 1, sell_cents, case cat when 1 then 'TRANSFER' else 'WEALTH_REDEMPTION' end,
        case when cat = 1 then 'SYSTEM' when n < 2 then 'APP' else pick(['APP', 'APP', 'APP', 'WEB', 'COUNTER', 'PHONE', 'WECOM'], n * 1000 + slot, 'order channel') end,
        case cat when 1 then 'A' end, n * 100 + slot, null
    from tranche
    where end_date between date '{{ activity_first }}' and date '{{ last }}'
    union all
    select n, n * 100, end_date, 40000 + u_int(n * 1000 + slot, 'taken at', 10000), 105 + 10 * cast(slot as integer), -1, sell_cents, 'TRANSFER', 'APP', 'X', n * 10, 'CMB'
    from tranche
    where end_date between date '{{ activity_first }}' and date '{{ last }}' and not is_roll
    union all
    select case side.side when 0 then n else other end, case side.side when 0 then n else other end * 100, d, 45000 + u_int(k, 'shared at', 20000), 20 + side.side, 2 * side.side - 1, cents, 'TRANSFER', 'APP',
        'A', case side.side when 0 then other else n end * 100, null
    from household_move
    cross join (values (0), (1)) as side (side)
    union all
    -- Rent by standing order: the batch sends it on the day after payday.
    select n, a, payday_date + 1, 7200 + u_int(k, 'standing order at', 3600), 22, -1, income // 6, 'TRANSFER', 'SYSTEM', 'X', n * 10 + 8, pick(['ICBC', 'CCB', 'ABC', 'BOC', 'CMB'], n, 'landlord bank')
    from active
    where n >= 2 and u(n, 'standing order') < 0.1 and payday_date + 1 <= date '{{ last }}'
        and least(coalesce(closed_date, date '9999-12-31'), coalesce(dormant_from, date '9999-12-31')) > payday_date + 1
    union all
    -- Money from abroad, in its own currency.
    select n, a, sent_date, 33000, 24, 1, sent_cents, 'TRANSFER', 'APP', 'X', n * 10 + 9, null
    from foreign_account
    where sent_date between date '{{ activity_first }}' and date '{{ last }}'
    {%- for row in named_postings %}
    union all
    select {{ row.n }}, {{ row.n * 100 }}, date '{{ row.day }}', {{ row.second }}, {{ row.code }}, {{ row.sign }}, {{ row.cents }}, '{{ row.type }}', '{{ row.channel }}', 'X', 999, 'ICBC'
    {%- endfor %}
)
select * from legs where cents > 0 and d >= date '{{ activity_first }}' and d <= date '{{ last }}';

-- What an active customer may spend freely: whatever leaves them at their planned level by the end of the month.
create temp table budget as
with net as (
    select n, cast(sum(sign * cents) as bigint) as cents from fixed where a % 100 = 0 group by n
)
select active.n, coalesce(closing.cents, 0) as opening,
    coalesce(closing.cents, 0) + coalesce(net.cents, 0) - case when active.n = 0 then coalesce(closing.cents, 0) + coalesce(net.cents, 0) else cash_level(active.stage, active.cash, {{ months_to_end }}) end as total
from active
left join closing on active.a = closing.a
left join net on active.n = net.n;

-- Free postings, their days drawn by the rhythm of the week and the month; the first one always follows payday.
create temp view free as
with drawn as (
    select active.*, i.i,
        active.k * 100 + i.i as j,
        case when i.i = 0 then payday_date + cast(u_int(active.k, 'first day', date '{{ last }}' - payday_date + 1) as integer)
            else date '{{ first }}' + pick([{{ day_slots | join(', ') }}], active.k * 100 + i.i, 'day') end as d,
        u(active.k * 100 + i.i, 'type') as t
    from active
    cross join lateral (select unnest(range(greatest(1, least(40, cast(floor(activity * {{ season }} + u(active.k, 'count')) as bigint))))) as i) as i
    where active.n <> 0
),
typed as (
    select *,
        case when t < 0.52 then 'PAYMENT' when t < 0.74 then 'TRANSFER' when t < 0.84 then 'BILL_PAYMENT' when t < 0.92 then 'CASH_WITHDRAWAL' when t < 0.98 then 'AUTO_DEBIT' else 'INSURANCE_PREMIUM' end as transaction_type,
        d >= payday_date as is_after_payday
    from drawn
    where d >= date '{{ activity_first }}' and d >= opened_date and (closed_date is null or d < closed_date) and (dormant_from is null or d < dormant_from)
),
weighted as (
    select *,
        cast(floor(200 * skewed(j, 'amount', 0.8)
            * case transaction_type when 'TRANSFER' then 3.0 when 'CASH_WITHDRAWAL' then 2.0 when 'BILL_PAYMENT' then 0.6 when 'AUTO_DEBIT' then 0.5 else 1.0 end) as bigint) + 1 as weight
    from typed
),
-- Whole sums as bigint: cents times weights stay far below its bound, and sums left as hugeint would take most of the time.
shared as (
    select weighted.*, budget.opening, greatest(0, budget.total) as total,
        cast(sum(weight) over (partition by weighted.n) as bigint) as all_weight,
        cast(sum(case when is_after_payday then 0 else weight end) over (partition by weighted.n) as bigint) as early_weight
    from weighted
    inner join budget on weighted.n = budget.n
),
-- Before payday no more than most of what is there can go.
capped as (
    select *, least(opening * 85 // 100, total * early_weight // all_weight) as early_total from shared
)
select n, a, d,
    case transaction_type when 'AUTO_DEBIT' then 9000 + u_int(j, 'second', 7200)
        else least(86000, greatest(21600, (hour * 3600 + cast(floor((u(j, 'second') + u(j, 'second2') - 1.0) * 30000) as bigint)))) end as s,
    2000 + i as code,
    -1 as sign,
    case when is_after_payday then (total - early_total) * weight // (all_weight - early_weight) else early_total * weight // early_weight end as cents,
    transaction_type,
    case transaction_type
        when 'PAYMENT' then case when is_app_user then pick(['APP', 'APP', 'APP', 'POS', 'POS', 'WEB'], j, 'channel') else pick(['POS', 'POS', 'POS', 'WEB'], j, 'channel') end
        when 'TRANSFER' then case when is_app_user then pick(['APP', 'APP', 'APP', 'APP', 'WEB', 'COUNTER'], j, 'channel') else pick(['WEB', 'WEB', 'COUNTER', 'ATM', 'PHONE'], j, 'channel') end
        when 'BILL_PAYMENT' then case when is_app_user then pick(['APP', 'APP', 'WEB'], j, 'channel') else pick(['COUNTER', 'WEB', 'WEB', 'PHONE'], j, 'channel') end
        when 'CASH_WITHDRAWAL' then case when age > 60 then pick(['COUNTER', 'ATM', 'ATM'], j, 'channel') else pick(['ATM', 'ATM', 'ATM', 'ATM', 'COUNTER'], j, 'channel') end
        when 'AUTO_DEBIT' then 'SYSTEM'
        else pick(['APP', 'COUNTER'], j, 'channel')
    end as channel,
    case transaction_type when 'TRANSFER' then case when u(j, 'to') < 0.3 then 'A' else 'X' end when 'PAYMENT' then 'S' when 'BILL_PAYMENT' then 'U' end as party_kind,
    case transaction_type
        when 'TRANSFER' then case when u(j, 'to') < 0.3 then u_int(n * 8 + u_int(j, 'payee', 3), 'payee of', {{ customers }}) * 100 else n * 10 + 1 + u_int(j, 'payee', 5) end
        when 'PAYMENT' then u_int(j, 'shop', 2000)
        else u_int(j, 'utility', 40)
    end as party,
    case when transaction_type = 'TRANSFER' and u(j, 'to') >= 0.3 then pick(['ICBC', 'CCB', 'ABC', 'BOC', 'CMB'], n * 8 + u_int(j, 'payee', 5), 'payee bank') end as bank
from capped;

create temp table posting as
select
    n, a, d, cast(s as integer) as s, cast(code as integer) as code, cast(sign as tinyint) as sign, cast(cents as bigint) as cents,
    cast(transaction_type as transaction_type) as transaction_type, cast(channel as channel) as channel, party_kind, cast(party as bigint) as party, cast(bank as bank) as bank,
    cast(null as integer) as reverses
from (select * from fixed union all select * from free where cents > 0);

-- Closing an account pays out all that is left.
insert into posting
with leaver as (
    select n, n * 100 as a, closed_date from person where closed_date between date '{{ activity_first }}' and date '{{ last }}'
),
left_over as (
    select leaver.n, leaver.a, leaver.closed_date, coalesce(any_value(closing.cents), 0) + coalesce(sum(posting.sign * posting.cents), 0) as cents
    from leaver
    left join closing on leaver.a = closing.a
    left join posting on leaver.a = posting.a
    group by leaver.n, leaver.a, leaver.closed_date
)
select n, a, closed_date, 57000, 9, -1, cents, 'CASH_WITHDRAWAL', 'COUNTER', null, null, null, null from left_over where cents > 0;

{% if is_last %}
-- A direct debit takes more than is there; the customer notices, and spends nothing more until the end.
delete from posting using overdrawn where posting.a = overdrawn.a and posting.code >= 2000 and posting.d > overdrawn.overdrawn_date;
insert into posting
with left_over as (
    select overdrawn.n, overdrawn.a, overdrawn_date, any_value(overdrawn.cents) + coalesce(any_value(closing.cents), 0) + coalesce(sum(posting.sign * posting.cents), 0) as cents
    from overdrawn
    left join closing on overdrawn.a = closing.a
    left join posting on overdrawn.a = posting.a and posting.d <= overdrawn.overdrawn_date
    group by overdrawn.n, overdrawn.a, overdrawn_date
)
select n, a, overdrawn_date, 86100, 10, -1, cents, 'AUTO_DEBIT', 'SYSTEM', 'U', 7, null, null from left_over where cents > 0;
{% endif %}
-- Sent by mistake, reversed by the bank, and sent once more; half of them on the day after. The bank says of half what it reverses.
create temp table mistake as
with drawn as (
    select posting.*, u(posting.a * 100000000 + {{ serial }} * 10000 + posting.code, 'mistake') as chance, person.closed_date, person.dormant_from
    from posting
    inner join person using (n)
    where posting.n >= 2 and posting.code >= 2000 and posting.transaction_type in ('TRANSFER', 'PAYMENT') and posting.channel not in ('POS', 'SYSTEM')
        and posting.d + 4 <= date '{{ last }}'
)
select * exclude (closed_date, dormant_from), chance < 0.004 as is_named, case when chance < 0.002 or chance >= 0.006 then 0 else 1 end as days
from drawn
where chance < 0.008 and least(coalesce(closed_date, date '9999-12-31'), coalesce(dormant_from, date '9999-12-31')) > d + 1;
insert into posting
select n, a, d + days, s + 100, code + 1000, 1, cents, 'REVERSAL', 'SYSTEM', null, null, null, case when is_named then code end from mistake
union all
select n, a, d + days, s + 200, code + 2000, -1, cents, transaction_type, channel, party_kind, party, bank, null from mistake;
insert into truth.reversals
select posting_key(n, {{ serial }}, code + 1000, a), d + days, posting_key(n, {{ serial }}, code, a), d, is_named from mistake;
insert into truth.household_moves
select posting_key(posting.n, {{ serial }}, posting.code, posting.a), posting.d, customer_key(posting.n), customer_key(posting.party // 100), case posting.code when 20 then 'OUT' else 'IN' end
from posting
where posting.code in (20, 21);

-- What is planted as dirt, by steps of this number; the last days of a month stay clean, so that no redelivery leaves it.
create temp view drawn_posting as
select *, case when n >= 2 and d + 3 <= date '{{ last }}' then u(a * 100000000 + {{ serial }} * 10000 + code, 'dirt') else 1.0 end as dirt
from posting;
create temp table suspect as
select * from drawn_posting where dirt < 0.0013;

create temp table dirty_posting as
select *, d as dt, 'exact_duplicate' as kind from suspect where dirt < 0.0003
union all
select *, d + 1, 'redelivered' from suspect where dirt >= 0.0003 and dirt < 0.00045
union all
select * replace (cents + 100 as cents), d + 1, 'changed_redelivery' from suspect where dirt >= 0.00045 and dirt < 0.0006
union all
select *, d + 1 + cast(floor(dirt * 10000000) as integer) % 3, 'late' from suspect where dirt >= 0.0006 and dirt < 0.0009
-- Rows that should not be: their code is moved, so that no good row has their key.
union all
select * replace (code + 5000 as code, cast('ZZZ' as transaction_type) as transaction_type), d, 'unknown_type' from suspect where dirt >= 0.0009 and dirt < 0.001
union all
select * replace (code + 5000 as code, -cents as cents), d, 'negative_amount' from suspect where dirt >= 0.001 and dirt < 0.0011
union all
select * replace (code + 5000 as code, d + 400 as d), d, 'future_dated' from suspect where dirt >= 0.0011 and dirt < 0.0012
union all
select * replace (code + 5000 as code, 99000000000 + a as a), d, 'orphan_account' from suspect where dirt >= 0.0012 and dirt < 0.0013;

insert into truth.dirt
select kind, 'core.transactions', posting_key(n, {{ serial }}, code, a), d from dirty_posting;

create temp view transactions as
select
    posting_key(n, {{ serial }}, code, a) as transaction_id,
    account_key(a) as account_id,
    d as transaction_date,
    clock(d, s) as transaction_at,
    case sign when 1 then cast('IN' as direction) else cast('OUT' as direction) end as direction,
    yuan(cents) as amount,
    transaction_type,
    channel,
    party_key(party_kind, party) as counterparty_account,
    bank as counterparty_bank,
    case when reverses is not null then posting_key(n, {{ serial }}, reverses, a) end as reverses_transaction_id,
    dt
from (
    select *, d as dt, null as kind from drawn_posting where dirt < 0.0006 or dirt >= 0.0009
    union all
    select * from dirty_posting
    order by dt, a, s, code, cents
);

-- End-of-day balances: yesterday's plus the day's signed postings, one row for each day that had any.
create temp table balance as
with daily as (
    select a, n, d, cast(sum(sign * cents) as bigint) as cents from posting group by a, n, d
),
running as (
    select daily.a, daily.n, daily.d, cast(coalesce(closing.cents, 0) + sum(daily.cents) over (partition by daily.a order by daily.d) as bigint) as cents
    from daily
    left join closing on daily.a = closing.a
    {%- if is_first %}
    union all
    select a, n, date '{{ start }}', cents from closing
    {%- endif %}
)
select *, case when n >= 2 and d + 3 <= date '{{ last }}' then u(a * 1000000 + (d - date '{{ start }}'), 'balance dirt') else 1.0 end as dirt
from running;

insert into truth.dirt
select case when dirt < 0.0003 then 'exact_duplicate' else 'changed_redelivery' end, 'core.account_balances', account_key(a), d
from balance
where dirt < 0.0006;

create temp view account_balances as
select account_key(a) as account_id, d as balance_date, yuan(cents) as balance, dt
from (
    -- A wrong balance is corrected the day after.
    select a, d, case when dirt >= 0.0003 and dirt < 0.0006 then cents + 100000 else cents end as cents, d as dt from balance
    union all
    select a, d, cents, d from balance where dirt < 0.0003
    union all
    select a, d, cents, d + 1 from balance where dirt >= 0.0003 and dirt < 0.0006
    order by dt, a, d, cents
);

create or replace table closing as
select a, n, max_by(cents, d) as cents
from (select a, n, date '1900-01-01' as d, cents from closing union all select a, n, d, cents from balance)
group by a, n
order by a;

{% if is_last %}
create table truth.overdrafts as
select account_key(a) as account_id, customer_key(n) as customer_id, yuan(cents) as balance_at_end from closing where cents < 0;
{% endif %}
