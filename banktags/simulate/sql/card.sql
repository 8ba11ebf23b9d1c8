-- Cards. Nearly every demand account has a debit card; about a third of the active customers hold a credit card.

create table credit_card as
with holder as (
    select
        *,
        case
            when n >= 2 and greatest(date '{{ start }}', opened_date) + 10 < date '{{ end }}' - 3 and not is_graduate_shopper and (u(n, 'new card') < 0.15 * {{ years }} or opened_date > date '{{ start }}')
                then greatest(date '{{ start }}', opened_date) + 3 + cast(u_int(n, 'issued', date '{{ end }}' - 3 - greatest(date '{{ start }}', opened_date) - 3) as integer)
            else least(date '{{ start }}', date '{{ end }}' - 120) - 30 - cast(u_int(n, 'issued', greatest(1, least(1500, date '{{ start }}' - opened_date - 30))) as integer)
        end as issued_date
    from person
    where
        n = 0
        or n >= 2 and not is_second and stage not in ('churned', 'dormant') and single_product is null and income > 20000 and age between 18 and 68
        and u(n, 'credit card') < case when is_graduate_shopper then 1.0 when b = 7 then 0.85 when age < 30 then 0.45 when age < 50 then 0.5 else 0.25 end
)
select
    n, tier, stage, income, payday, issued_date, is_white_collar, is_graduate_shopper,
    case when n >= 2 and not is_graduate_shopper and u(n, 'never activated') < 0.08 then null else issued_date + cast(u_int(n, 'activated', 6) as integer) end as activated_date,
    greatest(300000, cast(round(income * (1.0 + 2.0 * u(n, 'card limit')), -5) as bigint)) as limit_cents,
    -- Spent each month, and repaid after the next payday.
    cast(floor(income * 0.25) as bigint) as spend_cents,
    2 + 7 * u(n, 'card activity') as purchases,
    case when n >= 2 and not is_graduate_shopper and u(n, 'card overdue') < 0.035 and issued_date < date '{{ start }}' then pick([1, 2, 3, 5, 10, 25, 40, 65, 89, 90, 91, 110, 121, 150, 181, 240], n, 'card overdue days') end as overdue_days,
    -- Favourite kind of shop.
    pick([5812, 5411, 4511, 5651, 5641, 5732, 7997, 8299, 5541, 7832, 5912, 5944], n, 'favourite') as favourite_mcc
from holder
order by n;

create table debit_card as
select
    n,
    greatest(opened_date, opened_date + cast(u_int(n, 'debit issued', 10) as integer)) as issued_date,
    closed_date,
    pick([5812, 5411, 4511, 5651, 5641, 5732, 7997, 8299, 5541, 7832, 5912, 5944], n, 'favourite') as favourite_mcc
from person
where n < 2 or u(n, 'debit card') < 0.85
order by n;

create temp view cards as
with debit as (
    select
        n, 1 as kind, issued_date, issued_date as activated_date, null as limit_cents, null as statement_cents, null as days_past_due, null as closed_date,
        greatest(date '{{ start }}', issued_date) as dt
    from debit_card
    union all
    select n, 1, issued_date, issued_date, null, null, null, closed_date, closed_date
    from debit_card
    where closed_date is not null and closed_date > issued_date
),
-- A credit card is delivered when issued, when activated and with each statement on the fifth.
moment as (
    select *, greatest(date '{{ start }}', issued_date) as dt from credit_card
    union
    select *, activated_date from credit_card where activated_date > date '{{ start }}'
    union
    select credit_card.*, month.first_day + 4
    from credit_card
    cross join month
    where month.first_day + 4 > greatest(date '{{ start }}', credit_card.issued_date) and credit_card.activated_date is not null
    union
    select *, date '{{ end }}' from credit_card where overdue_days is not null
),
credit as (
    select
        n, 2 as kind, issued_date, case when activated_date <= dt then activated_date end as activated_date, limit_cents,
        case when activated_date is null or dt <= issued_date + 20 then 0
            else spend_cents * case when overdue_days is not null and dt > date '{{ end }}' - overdue_days then 1 + (dt - date '{{ end }}' + overdue_days) // 30 else 1 end end as statement_cents,
        case when overdue_days is null then 0 else greatest(0, dt - date '{{ end }}' + overdue_days) end as days_past_due,
        null as closed_date,
        dt
    from moment
)
select
    card_key(n, kind) as card_id,
    case kind when 1 then '6299' else '5199' end || lpad(cast((n * 7919 + kind) % 1000000000000 as varchar), 12, '0') as card_no,
    customer_key(n) as customer_id,
    case kind when 1 then account_key(n * 100) end as account_id,
    case kind when 1 then 'DEBIT' else 'CREDIT' end as card_type,
    case when person.tier = 1 then 'DIAMOND' when person.tier = 2 then 'PLATINUM' when person.tier = 3 then 'GOLD' else 'CLASSIC' end as card_level,
    everything.issued_date,
    everything.activated_date,
    everything.closed_date,
    yuan(limit_cents) as credit_limit,
    yuan(statement_cents) as statement_balance,
    cast(days_past_due as integer) as days_past_due,
    everything.dt
from (select * from debit union all select * from credit) as everything
inner join person using (n)
where everything.dt <= date '{{ end }}'
order by everything.dt, everything.n, everything.kind;
