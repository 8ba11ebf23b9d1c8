-- Randomness, calendar and reference data of the demo bank. Every "random" number is a hash of (seed, salt, id): the same
-- for each run, each thread count and each row order. Money is whole cents (bigint) until it is landed.

-- The outer hash matters: hash(a, b) alone is an exclusive or of its parts, so that two salts would give dependent numbers.
create macro draw(id, salt) as hash(hash({{ seed }}, salt, id));
-- Uniform in [0, 1).
create macro u(id, salt) as (draw(id, salt) >> 11) / 9007199254740992.0;
-- Whole number in [0, size).
create macro u_int(id, salt, size) as cast(floor(u(id, salt) * size) as bigint);
create macro pick(choices, id, salt) as choices[1 + u_int(id, salt, len(choices))];
-- Roughly lognormal with median 1: exp of a sum of three uniforms with standard deviation `spread`.
create macro skewed(id, salt, spread) as
    exp(spread * 2.0 * (u(id, salt) + u(id, salt || '2') + u(id, salt || '3') - 1.5));
create macro day_of(first_day, days) as first_day + cast(days as integer);
-- A clock time from a second of the day.
create macro clock(day, second) as cast(day as timestamp) + to_seconds(cast(second as bigint));
-- Cents to the contract's decimal(18,2).
create macro yuan(cents) as cast(cents / 100.0 as decimal(18, 2));
-- Keys have a fixed width, because the number is added to a power of ten.
create macro customer_key(n) as case n when 0 then 'DEMO-BEIJING-35' when 1 then 'DEMO-UPDOWN' else 'C' || cast(100000000 + n as varchar) end;
create macro contact_key(n) as 'P' || cast(100000000 + n as varchar);
create macro account_key(a) as 'A' || cast(100000000000 + a as varchar);
create macro card_key(n, kind) as 'K' || cast(1000000000 + n * 10 + kind as varchar);
create macro branch_key(b) as 'B' || cast(1000 + b as varchar);
create macro manager_key(m) as 'M' || cast(10000 + m as varchar);
-- The other side of a posting: E employer, S shop, U utility, X account at another bank, A account here.
create macro party_key(kind, party) as case kind when 'A' then account_key(party) else kind || cast(100000000000 + party as varchar) end;
-- Posting number: customer, month, code and account of the customer.
create macro posting_key(n, serial, code, a) as cast(1000000000000000000 + (n * 1000 + serial) * 1000000 + code * 100 + a % 100 as varchar);
create macro spending_key(k, kind, is_extra) as cast(1000000000000000 + k * 100 + kind * 10 + is_extra as varchar);
create macro event_key(k, j, is_extra) as cast(10000000000000000 + k * 1000 + (j + 1) * 10 + is_extra as varchar);
-- The three landing forms of a mobile number that the bank's systems have grown: plain, with country code, with spaces.
create macro mobile_form(mobile, form) as case form
    when 1 then '+86 ' || mobile[1:3] || '-' || mobile[4:7] || '-' || mobile[8:11]
    when 2 then mobile[1:3] || ' ' || mobile[4:7] || ' ' || mobile[8:11]
    when 3 then '0086' || mobile
    else mobile end;

create schema truth;

-- The months of the period, first and last cut to it.
create table month (first_day date, last_day date);
insert into month values
{%- for month in months %}
    (date '{{ month.first }}', date '{{ month.last }}'){{ "," if not loop.last }}
{%- endfor %};

-- Codes of the event tables: an enumeration is sorted as a number and written as a dictionary.
create type transaction_type as enum (
    'TRANSFER', 'CASH_DEPOSIT', 'CASH_WITHDRAWAL', 'PAYMENT', 'BILL_PAYMENT', 'INSURANCE_PREMIUM', 'WEALTH_PURCHASE', 'WEALTH_REDEMPTION', 'LOAN_REPAYMENT',
    'CARD_REPAYMENT', 'SALARY', 'PENSION', 'AUTO_DEBIT', 'LOAN_DISBURSEMENT', 'INTEREST', 'FEE', 'REVERSAL', 'ZZZ');
create type channel as enum ('APP', 'WEB', 'WECOM', 'COUNTER', 'ATM', 'POS', 'PHONE', 'SYSTEM');
create type direction as enum ('IN', 'OUT');
create type bank as enum ('ICBC', 'CCB', 'ABC', 'BOC', 'CMB');
create type spending_type as enum ('PURCHASE', 'REFUND');
create type mcc as enum (
    '0000', '4112', '4511', '4814', '4900', '5331', '5411', '5541', '5641', '5651', '5712', '5732', '5812', '5814', '5912', '5944', '5977', '7011', '7230',
    '7298', '7832', '7911', '7997', '8062', '8211', '8299');
create type country as enum ('CN', 'GB', 'JP', 'SG', 'TH', 'US');
create type event_type as enum ('login', 'page_view', 'click', 'application_start', 'application_submit');
create type page as enum ('home', 'transfer', 'wealth', 'fund', 'loan', 'card', 'life', 'insurance', 'me');

-- Planted dirt, one row per bad delivery: what it is, where it stands, by which key it is found.
create table truth.dirt (kind varchar, table_name varchar, row_key varchar, business_date date);
-- Planted reversals, one row each: what reverses what, and whether it names it.
create table truth.reversals (transaction_id varchar, transaction_date date, reversed_transaction_id varchar, reversed_date date, is_named boolean);
-- Planted moves within the household, one row a posting.
create table truth.household_moves (transaction_id varchar, transaction_date date, customer_id varchar, other_customer_id varchar, direction varchar);

create table category (cat integer, product_category varchar, weight integer, code varchar);
insert into category values
    (0, 'DEMAND_DEPOSIT', 0, 'DD'), (1, 'TIME_DEPOSIT', 30, 'TD'), (2, 'WEALTH_PRODUCT', 26, 'WP'), (3, 'FUND', 9, 'FD'),
    (4, 'INSURANCE', 6, 'IN'), (5, 'STRUCTURED_DEPOSIT', 6, 'SD'), (6, 'PRECIOUS_METAL', 2, 'PM'), (7, 'TRUST', 6, 'TR'),
    (8, 'CUSTODY_SECURITIES', 0, 'CS'), (9, 'LOAN', 0, 'LN'), (10, 'CREDIT_CARD', 0, 'CC');

-- Product shelf. The value of one unit moves as 1 + swing × sine + drift × years; deposits and insurance stay at 1.
create table product as
with shelf (cat, i, product_name, issuer_rating, seller_rating, term_days, swing, drift) as (values
    (0, 1, '活期储蓄', 'R1', 'R1', null, 0, 0), (0, 2, '外币活期储蓄', 'R1', 'R1', null, 0, 0),
    (1, 1, '定期储蓄三个月', 'R1', 'R1', 90, 0, 0), (1, 2, '定期储蓄半年', 'R1', 'R1', 180, 0, 0),
    (1, 3, '定期储蓄一年', 'R1', 'R1', 365, 0, 0), (1, 4, '定期储蓄三年', 'R1', 'R1', 1095, 0, 0),
    (1, 5, '大额存单一年', 'R1', 'R1', 365, 0, 0),
    (2, 1, '安心现金管理', 'R1', 'R1', null, 0, 0.018), (2, 2, '稳盈三个月', 'R2', 'R2', 90, 0.001, 0.025),
    (2, 3, '稳盈一年', 'R2', 'R2', 365, 0.002, 0.028), (2, 4, '私享稳健', 'R2', 'R3', 365, 0.003, 0.032),
    (2, 5, '睿选平衡', 'R3', 'R3', 365, 0.005, 0.034),
    (3, 1, '添利货币基金', 'R1', 'R1', null, 0, 0.016), (3, 2, '纯债基金', 'R2', 'R2', null, 0.004, 0.03),
    (3, 3, '红利混合基金', 'R3', 'R3', null, 0.02, 0.04), (3, 4, '成长股票基金', 'R4', 'R4', null, 0.03, 0.05),
    (3, 5, '科技指数基金', 'R4', 'R5', null, 0.03, 0.05), (3, 6, '私募精选', 'R5', 'R5', null, 0.02, 0.05),
    (4, 1, '年金保险', 'R2', 'R2', null, 0, 0), (4, 2, '终身寿险', 'R2', 'R2', null, 0, 0),
    (5, 1, '汇率挂钩结构性存款', 'R2', 'R2', 180, 0, 0), (5, 2, '黄金挂钩结构性存款', 'R2', 'R3', 90, 0, 0),
    (6, 1, '积存金', 'R3', 'R3', null, 0.03, 0.03), (6, 2, '投资金条', 'R3', 'R3', null, 0.03, 0.03),
    (7, 1, '家族信托', 'R3', 'R3', null, 0.002, 0.03), (7, 2, '集合资金信托', 'R4', 'R4', 730, 0.002, 0.035),
    (8, 1, '第三方存管证券', 'R4', 'R4', null, 0.03, 0.03),
    (9, 1, '个人住房贷款', null, null, null, 0, 0), (9, 2, '消费贷款', null, null, null, 0, 0),
    (9, 3, '个人经营贷款', null, null, null, 0, 0), (9, 4, '汽车贷款', null, null, null, 0, 0),
    (9, 5, '惠农贷款', null, null, null, 0, 0),
    (10, 1, '标准信用卡', null, null, null, 0, 0), (10, 2, '白金信用卡', null, null, null, 0, 0)
)
select
    shelf.cat * 10 + shelf.i as p,
    shelf.cat,
    category.code || lpad(cast(shelf.i as varchar), 2, '0') as product_id,
    shelf.product_name,
    category.product_category,
    shelf.issuer_rating,
    shelf.seller_rating,
    shelf.term_days,
    cast(shelf.swing as double) as swing,
    cast(shelf.drift as double) as drift,
    u(shelf.cat * 10 + shelf.i, 'phase') * 6.2831853 as phase,
    40 + u_int(shelf.cat * 10 + shelf.i, 'period', 100) as period_days,
    date '{{ start }}' - cast(400 + u_int(shelf.cat * 10 + shelf.i, 'launched', 3000) as integer) as launched_date
from shelf
inner join category on shelf.cat = category.cat
order by p;

-- Value of one unit of a product on a day, near 1 all year, so that a month's market noise never leaps over a tier.
create macro unit_value(swing, drift, phase, period_days, day) as
    1.0 + swing * sin(phase + 6.2831853 * (day - date '{{ start }}') / period_days)
    + drift * (day - date '{{ start }}') / 365.0;

-- Foreign currencies: what one unit costs in yuan on a day, about `mid_rate`.
create table currency (currency varchar, mid_rate double, swing double, phase double);
insert into currency values
{%- for row in currencies %}
    ('{{ row.code }}', {{ row.mid_rate }}, {{ row.swing }}, {{ loop.index }}){{ "," if not loop.last }}
{%- endfor %};
create macro mid_rate_on(mid_rate, swing, phase, day) as
    cast(mid_rate * (1.0 + swing * sin(phase + 6.2831853 * (day - date '{{ start }}') / 190.0)) as decimal(18, 8));

-- Rates of the first day, whatever weekday it is, and of each working day.
create temp view exchange_rates as
select currency.currency, day.day as rate_date, mid_rate_on(mid_rate, swing, phase, day.day) as mid_rate, day.day as dt
from (select cast(unnest(range(date '{{ start }}', date '{{ end }}' + 1, interval 1 day)) as date) as day) as day
cross join currency
where isodow(day.day) < 6 or day.day = date '{{ start }}'
order by dt, currency.currency;

create temp view products as
select
    product_id,
    product_name,
    product_category,
    issuer_rating as issuer_risk_rating,
    seller_rating as seller_risk_rating,
    term_days,
    launched_date,
    cast(null as date) as delisted_date,
    date '{{ start }}' as dt
from product
order by product_id;

-- Branches stand in these cities, the larger cities more often; branch 7 (Shenzhen) stands among offices and shops: all its
-- customers are of working age and alike in all but the work they do, and the planted white-collar group is part of them.
create table branch as
with city as (
    select ['110000', '310000', '440100', '440300', '330100', '320100', '440300', '510100', '420100', '110000', '310000', '500000',
        '320500', '610100', '410100', '430100', '370100', '350200', '120000', '210100', '340100', '371000', '530100', '330200'] as codes
)
select
    b.b,
    branch_key(b.b) as branch_id,
    city.codes[1 + cast(b.b % len(city.codes) as bigint)] as city_code,
    case when b.b = 0 then 'HEAD' when b.b % 9 in (1, 3, 5, 7) then 'CITY' when b.b % 9 in (2, 4, 6) then 'COUNTY' else 'RURAL' end as branch_type
from range({{ branches }}) as b (b), city
order by b.b;

create temp view branches as
select branch_id, '第' || cast(b + 1 as varchar) || '支行' as branch_name, city_code, branch_type, date '{{ start }}' as dt
from branch
order by branch_id;

create table surname as
select unnest(string_split('王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕苏卢蒋蔡贾丁魏薛叶阎', '')) as surname;
create table name_parts as
select
    (select list(surname) from surname) as surnames,
    string_split('伟强磊军勇杰涛明超刚平辉鹏华飞鑫波斌宇浩凯健俊帆帅旭宁龙林志', '') as male,
    string_split('芳娜敏静丽艳娟霞秀玲燕红桂英萍慧婷雪倩琳颖洁莉蕾怡瑶欣梦佳悦', '') as female,
    string_split('文国建志家晓海永春新子思雨明天', '') as middle;

-- One private banker in city branches, two wealth managers and one generalist in every branch.
create table manager as
select
    branch.b * 10 + j.j as m,
    manager_key(branch.b * 10 + j.j) as manager_id,
    branch.b,
    case when j.j = 0 then 'PRIVATE_BANKER' when j.j in (1, 2) then 'WEALTH_MANAGER' else 'GENERAL' end as role
from branch
cross join range(4) as j (j)
where j.j > 0 or branch.branch_type in ('HEAD', 'CITY')
order by m;

create temp view managers as
select
    manager.manager_id,
    pick(name_parts.surnames, manager.m, 'manager surname') || pick(name_parts.female, manager.m, 'manager given') as manager_name,
    branch_key(manager.b) as branch_id,
    manager.role,
    u(manager.m, 'manager active') > 0.03 as is_active,
    date '{{ start }}' as dt
from manager, name_parts
order by manager_id;
