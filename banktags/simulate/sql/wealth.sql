-- Investments. A tranche is one purchase held for a while: bought on start_date (null = before the first day), sold on end_date
-- (null = still held), so that orders, postings, holdings and time-deposit accounts all come from this one table.

-- Which categories a customer holds, and how much of their assets stands in each.
create table position as
with chosen as (
    select person.n, category.cat, greatest(1, cast(floor(category.weight * 1000 * skewed(person.n * 16 + category.cat, 'weight', 0.4)) as bigint)) as weight
    from person
    inner join category on category.cat between 1 and 7
    where
        person.n >= 2
        and person.cash < person.assets
        and case
            when person.single_product = 'wealth' then category.cat = 2
            when person.single_product = 'time' then category.cat = 1
            else u(person.n * 16 + category.cat, 'holds') < case
                {%- for tier, chances in holding_chances.items() %}
                when person.tier = {{ tier }} then {{ chances | list }}[category.cat]
                {%- endfor %} end
        end
),
-- Whoever holds nothing by these chances puts the rest into one category.
covered as (
    select * from chosen
    union all
    select n, case when u(n, 'only') < 0.5 then 1 else 2 end as cat, 1 as weight
    from person
    where n >= 2 and cash < assets and n not in (select n from chosen)
    union all
    -- The named man of Beijing.
    select 0 as n, 2 as cat, 1 as weight
)
select
    covered.n,
    covered.cat,
    (person.assets - person.cash) * covered.weight // cast(sum(covered.weight) over (partition by covered.n) as bigint) as cents
from covered
inner join person using (n)
order by covered.n, covered.cat;

-- Tranches held at the end date: one to three of each position, bought before the first day or within the period.
create table held as
with split as (
    select
        position.n,
        position.cat,
        i.i,
        position.n * 1000 + position.cat * 10 + i.i as k,
        case when i.i = 0 then position.cents - (position.cents // pieces.pieces) * (pieces.pieces - 1) else position.cents // pieces.pieces end as cents,
        person.stage, person.tier, person.opened_date, person.single_product, person.assets
    from position
    inner join person using (n)
    cross join lateral (select 1 + case when position.cents > 5000000 and person.single_product is null and person.n >= 2 then u_int(position.n * 16 + position.cat, 'pieces', 3) else 0 end as pieces) as pieces
    cross join lateral (select unnest(range(pieces.pieces)) as i) as i
),
-- Bought within the period: by joiners after opening, by growing customers half of it, by others a roll of an older product.
-- Money that comes from outside arrives before the end date's month, so that the month average stays where it was planned.
dated as (
    select
        *,
        case
            when stage = 'joiner' then opened_date + 1 + cast(floor(u(k, 'bought') * greatest(1, case when tier = 5 then date '{{ end }}' - opened_date - 1 else date '{{ month_start }}' - opened_date - 1 end)) as integer)
            when single_product is not null or stage in ('dormant', 'named') then null
            when stage = 'growing' and u(k, 'grows') < 0.5 and {{ fresh_days }} > 0 then date '{{ start }}' + 1 + cast(u_int(k, 'bought', {{ fresh_days }}) as integer)
            when stage <> 'growing' and u(k, 'rolls') < 0.3 then date '{{ start }}' + 2 + cast(u_int(k, 'bought', {{ days }} - 3) as integer)
        end as wanted_date
    from split
)
select
    * exclude (wanted_date),
    -- Weekend orders wait for Monday, unless the month ends first; a roll must not straddle a month end.
    case
        when wanted_date is null then null
        when stage not in ('joiner', 'growing') and day(wanted_date) = 1 then least(wanted_date + 1, date '{{ end }}')
        when isodow(wanted_date) >= 6 and month(wanted_date + 2) = month(wanted_date) and wanted_date + 2 <= date '{{ end }}' then wanted_date + 2
        else wanted_date
    end as start_date,
    wanted_date is not null and stage not in ('joiner', 'growing') as is_roll,
    10 * cat + 1 + case
        when cat = 7 then u_int(k, 'product', 2)
        when cat in (4, 5, 6) then u_int(k, 'product', 2)
        when cat = 3 then u_int(k, 'product', case when tier <= 2 then 6 else 5 end)
        else u_int(k, 'product', case when tier <= 2 then 5 else 4 end)
    end as p
from dated
order by n, cat, i;

create table tranche as
with
unit as (
    select held.*, unit_value(swing, drift, phase, period_days, date '{{ end }}') as end_value,
        unit_value(swing, drift, phase, period_days, start_date) as start_value
    from held
    inner join product using (p)
),
current_tranche as (
    select n, cat, cat * 10 + i as slot, p, start_date, cast(null as date) as end_date,
        cast(round(cents / end_value) as bigint) as units,
        cast(round(round(cents / end_value) * start_value) as bigint) as buy_cents,
        cast(null as bigint) as sell_cents, is_roll, 'PURCHASE' as order_type
    from unit
),
-- The older product that a roll came out of was sold the day before, for just what the new one costs.
rolled as (
    select current_tranche.n, cat, slot + 3 as slot, cat * 10 + 1 + u_int(n * 1000 + slot, 'older product', case when cat in (4, 5, 6, 7) then 2 else 4 end) as p,
        cast(null as date) as start_date, start_date - 1 as end_date, buy_cents as sell_cents
    from current_tranche
    where is_roll
),
-- Declining customers have taken money out: a tranche for each position, sold in the period.
withdrawn as (
    select position.n, position.cat, position.cat * 10 + 6 as slot,
        position.cat * 10 + 1 + u_int(position.n * 16 + position.cat, 'withdrawn product', 2) as p,
        cast(null as date) as start_date,
        date '{{ start }}' + 1 + cast(u_int(position.n * 16 + position.cat, 'withdrawn', {{ fresh_days }}) as integer) as end_date,
        cast(floor(position.cents * (0.3 + 0.6 * u(position.n * 16 + position.cat, 'withdrawn share'))) as bigint) as sell_cents
    from position
    inner join person using (n)
    where person.stage = 'declining' and {{ fresh_days }} > 0
),
-- Movers: a few customers near a bound cross it in the last days, so that spot and month average disagree.
moved_down as (
    select n, 2 as cat, 29 as slot, 21 as p, cast(null as date) as start_date, date '{{ end }}' - 3 as end_date, sell_cents
    from mover
    where direction = 'down'
),
sold as (
    select sale.*, cast(round(sale.sell_cents / unit_value(swing, drift, phase, period_days, sale.end_date)) as bigint) as units
    from (select *, true as is_roll from rolled union all select *, false from withdrawn union all select *, false from moved_down) as sale
    inner join product using (p)
),
moved_up as (
    select n, 2 as cat, 28 as slot, 21 as p, date '{{ end }}' - 3 as start_date, buy_cents from mover where direction = 'up'
),
-- Conversions of the wealth and time-deposit campaigns, and their repurchases.
converted as (
    select n, cat, case c when 6 then 94 when 7 then 92 else 96 end + is_repurchase::int as slot, p, converted_date as start_date, buy_cents
    from conversion
    where cat in (1, 2)
),
-- Monthly fund plans.
plan as (
    select position.n, 3 as cat, 100 + row_number() over (partition by position.n order by month.first_day) as slot, 32 + u_int(position.n, 'plan fund', 3) as p,
        month.first_day + 7 as start_date, greatest(1000, cast(floor(least(position.cents * 0.01, person.income * 0.1)) as bigint)) as buy_cents
    from position
    inner join person using (n)
    inner join month on month.first_day + 7 between greatest(date '{{ start }}' + 1, person.opened_date + 40) and date '{{ end }}'
    where position.cat = 3 and person.stage not in ('dormant', 'named') and person.single_product is null and person.income > 100000 and u(position.n, 'plan') < 0.3
),
bought as (
    select purchase.*, cast(round(purchase.buy_cents / unit_value(swing, drift, phase, period_days, purchase.start_date)) as bigint) as units
    from (select *, 'PURCHASE' as order_type from moved_up union all select *, 'PURCHASE' from converted union all select *, 'SIP' from plan) as purchase
    inner join product using (p)
),
everything as (
    select n, cat, slot, p, start_date, end_date, units, buy_cents, sell_cents, is_roll, order_type from current_tranche
    union all
    select n, cat, slot, p, start_date, end_date, units, null, sell_cents, is_roll, 'PURCHASE' from sold
    union all
    select n, cat, slot, p, start_date, null, units, buy_cents, null, false, order_type from bought
    union all
    -- Securities in third-party custody lie beside the assets and never trade here.
    select n, 8, 80, 81, null, null, cast(floor(assets * 0.3 * u(n, 'custody share')) as bigint), null, null, false, 'PURCHASE'
    from person
    where n >= 2 and single_product is null and assets > 2000000 and stage not in ('joiner', 'churned') and u(n, 'custody') < 0.15
    {%- for row in updown_tranches %}
    union all
    select 1, 5, {{ row.slot }}, 51, {{ row.start_date }}, {{ row.end_date }}, {{ row.cents }}, {{ row.cents }}, {{ row.cents }}, false, 'PURCHASE'
    {%- endfor %}
)
select everything.*, product.product_id
from everything
inner join product using (p)
where everything.units > 0
order by everything.n, everything.slot;

-- Orders: each purchase and sale of the period, and a few that came to nothing.
create table wealth_order as
select n, slot, 0 as leg, p, product_id, start_date as order_date, order_type, buy_cents as cents, 'CONFIRMED' as status
from tranche
where start_date is not null and cat between 2 and 7
union all
select n, slot, 1 as leg, p, product_id, end_date as order_date, 'REDEMPTION' as order_type, sell_cents as cents, 'CONFIRMED' as status
from tranche
where end_date is not null and cat between 2 and 7
union all
select n, slot, 2 as leg, p, product_id, start_date as order_date, order_type, buy_cents as cents, case when u(n * 1000 + slot, 'failed') < 0.5 then 'CANCELLED' else 'FAILED' end as status
from tranche
where start_date is not null and cat between 2 and 7 and n >= 2 and u(n * 1000 + slot, 'void order') < 0.03
order by order_date, n, slot, leg;

create temp view orders as
select
    'O' || cast(10000000000000 + n * 10000 + slot * 10 + leg as varchar) as order_id,
    customer_key(n) as customer_id,
    product_id,
    order_date,
    order_type,
    yuan(cents) as amount,
    status,
    case when order_type = 'SIP' then 'SYSTEM' when n < 2 then 'APP' else pick(['APP', 'APP', 'APP', 'WEB', 'COUNTER', 'PHONE', 'WECOM'], n * 1000 + slot, 'order channel') end as channel,
    order_date as dt
from wealth_order
order by dt, order_id;

-- Holdings on the first day, on each day a customer traded, and at each month end for products whose value moves.
create temp view holdings as
with pair as (
    select distinct n, p from tranche where cat between 2 and 8
),
day as (
    select distinct n, p, coalesce(start_date, date '{{ start }}') as holding_date from tranche where cat between 2 and 8
    union
    select distinct n, p, end_date from tranche where cat between 2 and 8 and end_date is not null
    union
    select pair.n, pair.p, month.last_day
    from pair
    inner join product on pair.p = product.p and (product.swing > 0 or product.drift > 0)
    cross join month
),
units as (
    select day.n, day.p, day.holding_date, sum(tranche.units) filter (where tranche.end_date is null or tranche.end_date > day.holding_date) as units
    from day
    inner join tranche on day.n = tranche.n and day.p = tranche.p and coalesce(tranche.start_date, date '{{ start }}') <= day.holding_date
    group by all
),
-- A sold position is delivered once as zero, not each month again.
alive as (
    select * from units
    where units is not null or exists (select 1 from tranche where tranche.n = units.n and tranche.p = units.p and tranche.end_date = units.holding_date)
)
select
    customer_key(alive.n) as customer_id,
    product.product_id,
    alive.holding_date,
    yuan(cast(round(coalesce(alive.units, 0) * unit_value(swing, drift, phase, period_days, alive.holding_date)) as bigint)) as market_value,
    alive.holding_date as dt
from alive
inner join product using (p)
order by dt, alive.n, alive.p;
