-- Core system: customers and accounts, with their changes.

-- Customer versions: as first delivered, after a change of occupation, income or manager, and when closed.
create temp table customer_version as
with base as (
    select
        person.*,
        identity.name, identity.id_type, identity.id_no, identity.mobile,
        branch.city_code as branch_city,
        case when not person.is_second and person.n >= 2 and u(person.n, 'bad gender') < 0.0008 then 'X'
            else case person.sex when 'M' then pick(['M', 'M', 'M', 'M', '1', '男'], person.n, 'gender form') else pick(['F', 'F', 'F', 'F', '2', '女'], person.n, 'gender form') end
        end as gender,
        case
            when person.n < 2 then branch.city_code
            when u(person.n, 'bad city') < 0.0008 then '999999'
            when u(person.n, 'missing city') < 0.02 then null
            else branch.city_code
        end as city_code,
        mobile_form(identity.mobile, case when u(person.n, 'mobile form') < 0.04 then 1 + u_int(person.n, 'mobile form kind', 3) else 0 end) as mobile_text,
        case
            when person.tier = 1 then manager_key(case when branch.branch_type in ('HEAD', 'CITY') then person.b * 10 else 0 end)
            when person.tier in (2, 3) then manager_key(person.b * 10 + 1 + u_int(person.n, 'manager', 2))
            when person.tier = 4 and u(person.n, 'has manager') < 0.4 then manager_key(person.b * 10 + 3)
        end as manager_id,
        -- Some whose account sleeps have died.
        case when person.n >= 2 and u(person.n, 'deceased') < 0.02 and person.dormant_from + 5 <= date '{{ end }}' - 10 then person.dormant_from + 5 end as deceased_date,
        person.n >= 2 and u(person.n, 'frozen') < 0.0005 as is_frozen_by_order,
        person.n >= 2 and person.age between 23 and 58 and u(person.n, 'staff') < 0.003 as is_staff
    from person
    inner join identity using (n)
    inner join branch using (b)
),
versions as (
    select *, 1 as version, greatest(date '{{ start }}', opened_date) as dt from base
    union all
    select *, 2 as version, greatest(date '{{ start }}', opened_date) + 3 + cast(u_int(n, 'change day', greatest(1, date '{{ end }}' - greatest(date '{{ start }}', opened_date) - 4)) as integer) as dt
    from base
    where n >= 2 and u(n, 'changes') < 0.04 * {{ years }} and stage <> 'churned' and deceased_date is null and greatest(date '{{ start }}', opened_date) + 5 < date '{{ end }}'
    union all
    -- The bank hears of a death some days later.
    select *, 4 as version, deceased_date + 3 as dt from base where deceased_date + 3 > greatest(date '{{ start }}', opened_date)
    union all
    select *, 3 as version, closed_date as dt from base where stage = 'churned'
)
select
    customer_id,
    name,
    id_type,
    id_no,
    gender,
    birth_date,
    mobile_text as mobile,
    city_code,
    case when version = 2 and age between 23 and 58 and b <> 7 and not is_graduate_shopper then pick(['01', '02', '03', '04', '08', '11'], n, 'new work')
        when u(n, 'missing work') < 0.03 and not is_graduate_shopper then null else occupation_code end as occupation_code,
    case
        when n = 0 or is_graduate_shopper then '20'
        when u(n, 'missing education') < 0.08 then null
        when tier <= 3 then pick(['10', '20', '20', '20', '30', '60'], n, 'education')
        when age < 40 then pick(['10', '20', '20', '20', '30', '30', '40', '60'], n, 'education')
        else pick(['20', '30', '40', '50', '60', '60', '70', '70', '80'], n, 'education')
    end as education_code,
    case when is_coupled then 'MARRIED' when age < 26 then 'SINGLE' when age > 70 and u(n, 'widowed') < 0.25 then 'WIDOWED'
        else pick(['SINGLE', 'MARRIED', 'MARRIED', 'MARRIED', 'DIVORCED'], n, 'marital') end as marital_status_code,
    case when u(n, 'missing income') < 0.25 and n >= 2 then null
        else cast(round((case tier when 1 then 3000000 when 2 then 600000 when 3 then 260000 when 4 then 150000 else 70000 end)
            * skewed(n, 'annual income', 0.4) * case when version = 2 then 1.15 else 1.0 end, -3) as decimal(18, 2)) end as annual_income,
    opened_date,
    case when version = 3 then closed_date end as closed_date,
    case when version = 3 then 'CLOSED' else 'ACTIVE' end as status,
    case when deceased_date <= dt then deceased_date end as deceased_date,
    is_frozen_by_order,
    is_staff,
    branch_key(b) as branch_id,
    manager_id,
    dt
from versions;

insert into truth.dirt
select 'bad_gender', 'core.customers', customer_id, min(dt) from customer_version where gender = 'X' group by customer_id
union all
select 'bad_city', 'core.customers', customer_id, min(dt) from customer_version where city_code = '999999' group by customer_id
union all
select 'mobile_form', 'core.customers', customer_id, min(dt) from customer_version where length(mobile) <> 11 group by customer_id
union all
select 'family_mobile', 'core.customers', person.customer_id, greatest(date '{{ start }}', opened_date) from identity inner join person using (n) where shares_family_mobile
union all
select 'second_customer_number', 'core.customers', customer_id, date '{{ start }}' from person where is_second;

-- Whom no campaign may reach, whatever they consented to.
create table truth.contact_gates as
select distinct customer_id, gate
from customer_version
cross join lateral (values
    ('deceased', deceased_date is not null), ('frozen_by_order', is_frozen_by_order), ('staff', is_staff),
    ('minor', birth_date > date '{{ end }}' - interval '18' year)
) as gates (gate, stands)
where stands;

-- Exact duplicates of customer rows within a delivery.
insert into truth.dirt
select 'exact_duplicate', 'core.customers', customer_id, dt from customer_version where u(customer_id || dt, 'customer duplicate') < 0.0006;
create temp view customers as
select * from customer_version
union all
select customer_version.*
from customer_version
inner join truth.dirt on
    dirt.kind = 'exact_duplicate' and dirt.table_name = 'core.customers'
    and dirt.row_key = customer_version.customer_id and dirt.business_date = customer_version.dt
order by dt, customer_id;

-- Accounts in foreign currency: some of the better-off keep a little abroad money, and some of them are sent more in the period.
-- So little that nobody's tier depends on it.
create table foreign_account as
with holder as (
    select person.n, person.assets, person.opened_date
    from person
    where person.n >= 2 and person.tier <= 4 and not person.is_second and person.single_product is null
        and person.stage in ('mature', 'growing', 'declining') and person.n not in (select n from mover)
    order by draw(person.n, 'foreign account'), person.n
    limit greatest(4, cast({{ foreign_account_share }} * {{ customers }} as bigint))
),
dated as (
    select *, 1 + (row_number() over (order by draw(n, 'foreign currency'), n)) % {{ currencies | length }} as phase,
        case when u(n, 'is sent money') < 0.4 then date '{{ start }}' + 5 + cast(u_int(n, 'is sent money on', {{ days }} - 10) as integer) end as sent_date
    from holder
)
select
    dated.n, dated.n * 100 + 90 as a, dated.opened_date, dated.sent_date, currency.currency,
    cast(floor(dated.assets * (0.005 + 0.015 * u(dated.n, 'foreign amount')) / currency.mid_rate / 100) * 100 as bigint) + 10000 as cents,
    case when dated.sent_date is null then 0 else 10000 + 10000 * u_int(dated.n, 'sent', 5) end as sent_cents
from dated
inner join currency on dated.phase = currency.phase
order by a;

create table truth.foreign_accounts as
select account_key(a) as account_id, customer_key(n) as customer_id, currency, yuan(cents + sent_cents) as balance_at_end from foreign_account;

-- Whose account a direct debit overdraws in the last days.
create table overdrawn as
select n, n * 100 as a, least(greatest(date '{{ month_start }}' + 1, date '{{ end }}' - 1 - cast(u_int(n, 'overdrawn on', 4) as integer)), date '{{ end }}') as overdrawn_date, 5000 + u_int(n, 'overdrawn by', 150000) as cents
from person
where n >= 100 and tier = 5 and not is_second and stage in ('mature', 'growing', 'declining') and not is_graduate_shopper and b <> 7
order by draw(n, 'overdrawn'), n
limit {{ overdrawn_customers }};

-- Accounts: one demand account each (slot 0), a time-deposit account for each time-deposit tranche, and those in foreign currency.
create table account as
select
    person.n * 100 as a,
    person.n,
    'DD01' as product_id,
    person.opened_date,
    person.closed_date,
    cast(null as date) as maturity_date,
    person.dormant_from,
    person.b
from person
union all
select
    person.n * 100 + tranche.slot as a,
    person.n,
    tranche.product_id,
    coalesce(tranche.start_date, date '{{ start }}' - 1 - cast(least(u_int(person.n * 100 + tranche.slot, 'time deposit age', 300), date '{{ start }}' - person.opened_date - 1) as integer)) as opened_date,
    tranche.end_date as closed_date,
    coalesce(tranche.end_date, greatest(
        coalesce(tranche.start_date, date '{{ start }}') + coalesce(product.term_days, 365),
        date '{{ end }}' + 1 + cast(u_int(person.n * 100 + tranche.slot, 'time deposit left', 300) as integer))) as maturity_date,
    null as dormant_from,
    person.b
from tranche
inner join person using (n)
inner join product using (product_id)
where tranche.cat = 1
union all
select foreign_account.a, foreign_account.n, 'DD02', least(foreign_account.opened_date + 20, date '{{ start }}' - 1), null, null, null, person.b
from foreign_account
inner join person using (n)
order by a;

create temp view accounts as
with versions as (
    select *, 1 as version, greatest(date '{{ start }}', opened_date) as dt from account
    union all
    select *, 2 as version, dormant_from as dt from account where dormant_from > date '{{ start }}'
    union all
    select *, 3 as version, closed_date as dt from account where closed_date is not null
)
select
    account_key(versions.a) as account_id,
    customer_key(versions.n) as customer_id,
    product_id,
    coalesce(foreign_account.currency, 'CNY') as currency,
    versions.opened_date,
    case when version = 3 then closed_date end as closed_date,
    maturity_date,
    case when version = 3 then 'CLOSED' when version = 2 or dormant_from <= date '{{ start }}' then 'DORMANT'
        when u(versions.a, 'frozen') < 0.0005 and versions.n >= 2 then 'FROZEN' else 'ACTIVE' end as status,
    branch_key(b) as branch_id,
    dt
from versions
left join foreign_account on versions.a = foreign_account.a
order by dt, account_id;
