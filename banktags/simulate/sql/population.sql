-- The people: who they are, how much they will own at the end date, and how their relation with the bank runs.

-- Tier by the rank of a hash, so that the counts are exact. Customers 0 and 1 are the documents' named customers.
create table tier (tier integer, tier_name varchar, customers bigint, low bigint, high bigint, bottom double, top double, power double, income_cap bigint);
insert into tier values
{%- for tier in tiers %}
    ({{ tier.number }}, '{{ tier.name }}', {{ tier.customers }}, {{ tier.low_cents }}, {{ tier.high_cents }}, {{ tier.bottom_cents }}, {{ tier.top_cents }}, {{ tier.power }}, {{ tier.income_cap_cents }}){{ "," if not loop.last }}
{%- endfor %};

create table tiered as
with ranked as (
    select n.n, row_number() over (order by draw(n.n, 'tier'), n.n) as place
    from range(2, {{ customers }}) as n (n)
),
bounds as (
    select tier, customers, sum(customers) over (order by tier) as upto
    from tier
)
select 0 as n, 4 as tier
union all
select 1 as n, {{ updown_tier }} as tier
union all
select ranked.n, bounds.tier
from ranked
inner join bounds on ranked.place > bounds.upto - bounds.customers and ranked.place <= bounds.upto
order by n;

-- Traits that come before wealth: age, sex, occupation, branch, habits. Beside the {{ customers }} customers of the end date stand
-- {{ seconds }} second customer numbers of mass customers (`self` is the person), and candidates for having left on the way.
create table trait as
with numbers as (
    select n, n as self, tier, 'customer' as kind from tiered
    union all
    select {{ customers }} + row_number() over (order by draw(n, 'second number'), n) - 1, n, tier, 'second'
    from (select * from tiered where tier = 5 order by draw(n, 'second number'), n limit {{ seconds }})
    union all
    select {{ customers }} + {{ seconds }} + j, {{ customers }} + {{ seconds }} + j, 5, 'leaver'
    from range({{ leaver_candidates }}) as j (j)
),
-- The documents' graduates who buy abroad: so many of the lower tiers.
graduate as (
    select n as self, true as is_graduate_shopper
    from tiered
    where tier = 4 and n >= 100
    order by draw(n, 'graduate shopper'), n
    limit {{ graduate_shoppers }}
),
branched as (
    select numbers.*, coalesce(is_graduate_shopper, false) as is_graduate_shopper, case when self = 0 then 0 when is_graduate_shopper and u_int(self, 'branch', {{ branches }}) = 7 then 6 else u_int(self, 'branch', {{ branches }}) end as b
    from numbers
    left join graduate using (self)
),
aged as (
    select
        *,
        case
            when self = 0 then 35.3
            -- A bachelor of at most two years.
            when is_graduate_shopper then 22.6 + 2.2 * u(self, 'age')
            when b = 7 and self > 1 then 23 + 23 * u(self, 'age')
            when tier = 5 then 18 + 62 * power(u(self, 'age'), 1.25)
            when tier = 4 then 23 + 52 * power(u(self, 'age'), 1.1)
            else 30 + 48 * u(self, 'age')
        end as age
    from branched
),
placed as (
    select
        *,
        case
            when self = 0 then 'M' when self = 1 then 'M'
            -- Couples are neighbours 2k, 2k + 1 of opposite sex.
            when u(self // 2, 'couple') < 0.2 then case when (self % 2 = 0) = (u(self // 2, 'couple sex') < 0.5) then 'M' else 'F' end
            when u(self, 'sex') < 0.51 then 'M' else 'F'
        end as sex,
        u(self // 2, 'couple') < 0.2 and self between 2 and {{ customers }} - 2 as is_coupled
    from aged
)
select
    placed.*,
    -- A few live on as they would, but were born too late for most offers: minors, of whom about every second is below fourteen.
    date '{{ end }}' - cast(floor(
        case when placed.tier = 5 and placed.self >= 100 and placed.b <> 7 and not placed.is_coupled and u(placed.self, 'minor') < 0.0015 then 10 + 7.9 * u(placed.self, 'minor age') else placed.age end * 365.25
    ) as integer) as birth_date,
    case
        when placed.self = 0 then '02'
        when placed.is_graduate_shopper then pick(['02', '03', '03', '04'], placed.self, 'work')
        -- Clerks on one side of the counter, shop assistants and workers on the other.
        when placed.b = 7 and placed.self > 1 then case when u(placed.self, 'white collar') < 0.5 then '03' else pick(['04', '04', '06'], placed.self, 'work') end
        when placed.age < 23 then pick(['09', '09', '09', '04', '06'], placed.self, 'work')
        when placed.age >= 60 then pick(['10', '10', '10', '10', '08', '05'], placed.self, 'work')
        when placed.tier <= 2 then pick(['08', '08', '08', '02', '01', '11'], placed.self, 'work')
        else pick(['01', '02', '02', '02', '03', '03', '03', '04', '04', '04', '04', '05', '06', '06', '06', '07', '08', '08', '11', '11', '12', '99'], placed.self, 'work')
    end as occupation_code,
    case
        when placed.self = 0 or placed.b = 7 or placed.is_graduate_shopper then true
        else u(placed.self, 'app') < case when placed.age < 35 then 0.85 when placed.age < 55 then 0.68 else 0.3 end
    end as is_app_user
from placed
order by placed.n;

-- Stage of the life cycle at the end date. The yearly churn hazard of mass customers is planted from traits; so many of the
-- candidates have left that, among those who were there, the hazard holds.
create table staged as
with hazard as (
    select
        *,
        case when kind = 'second' or tier < 5 then 0.0
            else 0.015 + 0.03 * (not is_app_user)::int + 0.03 * (age < 25)::int + 0.02 * (occupation_code in ('09', '11'))::int end as churn_hazard
    from trait
),
staged as (
    select
        *,
        case
            when n < 2 then 'named'
            when kind = 'second' then 'mature'
            when kind = 'leaver' then 'churned'
            when is_graduate_shopper then 'mature'
            when u(n, 'stage') < {{ years }} * case tier when 5 then 0.08 when 4 then 0.06 else 0.04 end
                and date '{{ start }}' + 10 < case when tier = 5 then date '{{ end }}' - 5 else date '{{ month_start }}' - 5 end then 'joiner'
            when u(n, 'stage') between 0.1 and case tier when 5 then 0.28 when 4 then 0.14 when 3 then 0.13 else 0.12 end then 'dormant'
            when u(n, 'stage') between 0.3 and 0.43 then 'declining'
            when u(n, 'stage') between 0.5 and case tier when 5 then 0.63 else 0.72 end then 'growing'
            else 'mature'
        end as stage
    from hazard
)
select *
from staged
where
    kind <> 'leaver'
    or u(n, 'leaves') < {{ mass_customers }} / {{ leaver_candidates }} * churn_hazard * {{ years }} / (1 - least(0.5, churn_hazard * {{ years }}))
order by n;

-- Wealth: a customer's place within their tier gives their assets at the end date (power law with the tier's mean), one quarter of
-- the private clients hold one product only, and the cash level and income follow.
create table person as
with placed as (
    select
        staged.*,
        tier.low, tier.high, tier.bottom, tier.top, tier.power, tier.income_cap,
        (row_number() over (partition by staged.tier, staged.kind order by draw(staged.n, 'wealth'), staged.n) - 0.5)
        / count(*) over (partition by staged.tier, staged.kind) as q,
        row_number() over (partition by staged.tier order by draw(staged.n, 'single product'), staged.n) as place_in_tier
    from staged
    inner join tier on staged.tier = tier.tier
),
valued as (
    select
        *,
        case
            when n = 0 then 12000000
            when n = 1 then {{ updown_level_cents }}
            when kind = 'second' then 20000 + u_int(n, 'second wealth', 80000)
            -- The churned own nothing at the end; this is what they had.
            when stage = 'churned' then 50000 + cast(floor(3000000 * power(q, 3)) as bigint)
            -- Movers that have just fallen below their tier.
            when {{ movers }} and tier between 2 and 4 and stage = 'mature' and u(n, 'mover down') < 0.01 then cast(0.93 * low as bigint)
            else cast(floor(bottom + (top - bottom) * power(q, power)) as bigint)
        end as assets,
        case when tier = 1 and place_in_tier <= {{ single_private }} then case place_in_tier % 3 when 0 then 'demand' when 1 then 'wealth' else 'time' end end as single_product
    from placed
),
levelled as (
    select
        *,
        case
            when n = 0 then 4000000
            when n = 1 then 0
            when single_product in ('wealth', 'time') then 0
            when single_product = 'demand' or stage = 'churned' or kind = 'second' then assets
            when tier = 5 and assets < 100000 then assets
            {%- for tier, share in cash_only_share.items() %}
            when tier = {{ tier }} and u(n, 'cash only') < {{ share }} then assets
            {%- endfor %}
            else cast(floor(assets * (0.18 + 0.24 * u(n, 'cash share'))) as bigint)
        end as cash
    from valued
),
-- Monthly income: bound to the cash level, and small enough that no month leaves the tier's band.
earning as (
    select
        *,
        case
            when n = 0 then 1800000
            when n = 1 or stage = 'dormant' and u(n, 'dormant before') < 0.6 then 0
            when single_product in ('wealth', 'time') then 3000000
            else cast(floor(greatest(0, least(
                cash * case tier when 5 then 0.5 + 1.0 * u(n, 'income') else 0.2 + 0.5 * u(n, 'income') end,
                income_cap * skewed(n, 'income cap', 0.4),
                0.94 * high - assets,
                case when low > 0 then assets - 1.05 * low else 1e15 end
            ))) as bigint)
        end as income
    from levelled
)
select
    n, self, kind = 'second' as is_second, tier, age, b, sex, is_coupled, birth_date, occupation_code, is_graduate_shopper, is_app_user, churn_hazard, stage, assets, cash, income, low, high, single_product,
    customer_key(n) as customer_id,
    case
        when stage = 'joiner' then date '{{ start }}' + 3
            + cast(u_int(n, 'joined', case when tier = 5 then {{ days }} - 8 else date '{{ month_start }}' - date '{{ start }}' - 8 end) as integer)
        -- Nobody before they are two months old.
        else greatest(birth_date + 60, date '{{ start }}' - cast(30 + floor(5500 * u(n, 'tenure') * u(n, 'tenure2')) as integer))
    end as opened_date,
    case when stage = 'churned' then date '{{ start }}' + 5 + cast(u_int(n, 'closed', {{ days }} - 9) as integer) end as closed_date,
    case
        when stage = 'dormant' and (u(n, 'dormant before') < 0.6 or {{ days }} < 150) then date '{{ start }}' - cast(u_int(n, 'dormant from', 700) as integer)
        when stage = 'dormant' then date '{{ start }}' + 30 + cast(u_int(n, 'dormant from', {{ days }} - 120) as integer)
    end as dormant_from,
    -- Payday of the employer; everyone else's money comes on a day of their own.
    case
        when occupation_code in ('01', '02', '03', '04', '06', '07') and u(n, 'payroll') < 0.7 then 'SALARY'
        when occupation_code = '10' and u(n, 'payroll') < 0.85 then 'PENSION'
        when u(n, 'cash income') < case when age > 55 then 0.5 else 0.15 end then 'CASH_DEPOSIT'
        else 'TRANSFER'
    end as income_type,
    u_int(n, 'employer', {{ employers }}) as employer,
    case
        when n = 0 then 10
        when occupation_code = '10' then 15
        when occupation_code in ('01', '02', '03', '04', '06', '07') then pick([10, 15, 25], u_int(n, 'employer', {{ employers }}), 'payday')
        else 1 + u_int(n, 'income day', 20)
    end as payday,
    -- Postings a month that the customer makes when active, and the share of months in which they are.
    case tier when 1 then 8.0 when 2 then 7.0 when 3 then 6.0 when 4 then 5.0 else 1.4 + 3.6 * q end * skewed(n, 'activity', 0.35) as activity,
    case when tier = 5 then least(1.0, 0.55 + 0.4 * q + 0.2 * u(n, 'steady')) else 0.97 end as steadiness,
    -- Hour around which the customer lives their digital day.
    pick([8, 9, 10, 12, 12, 13, 18, 19, 20, 20, 21, 21, 22], n, 'hour') as hour,
    b = 7 and occupation_code = '03' and n > 1 as is_white_collar
from earning
order by n;

-- Cash level that a customer steers to by the end of a month, k months before the end: growing, shrinking or level.
create macro cash_level(stage, cash, k) as cast(floor(cash * case stage
    when 'growing' then greatest(0.5, 1.0 - 0.03 * k)
    when 'declining' then least(1.8, 1.0 + 0.05 * k)
    else 1.0 end) as bigint);

-- Names and numbers. Area digits 3 to 6 of the identity number start with 7 or 8, which no prefecture has; mobile prefixes
-- are ones that no operator has been given. {{ family_pairs }} pairs of different people share a family mobile.
create table identity as
with basic as (
    select
        n,
        self,
        sex,
        birth_date,
        branch.city_code,
        pick(name_parts.surnames, case when is_coupled and sex = 'F' then self + 1000003 else self end, 'surname')
        || case when u(self, 'middle') < 0.6 then pick(name_parts.middle, self, 'middle char') else '' end
        || case sex when 'M' then pick(name_parts.male, self, 'given') else pick(name_parts.female, self, 'given') end as name,
        case when u(self, 'id type') < 0.985 or n < 2 then 'IDC' when u(self, 'id type') < 0.995 then 'PASSPORT' else 'OTHER' end as id_type,
        branch.city_code[1:2]
        || cast(8 - (self // 500000) % 2 as varchar) || lpad(cast(self % 1000 as varchar), 3, '0')
        || strftime(birth_date, '%Y%m%d')
        || lpad(cast(((self // 1000) % 499) * 2 + case sex when 'M' then 1 else 2 end as varchar), 3, '0') as body,
        -- A family mobile belongs to the even neighbour of the pair.
        case when self >= 100 and self % 2 = 1 and self < 100 + 2 * {{ family_pairs }} then self - 1 else self end as phone_owner
    from person
    inner join branch using (b)
    cross join name_parts
)
select
    n,
    self,
    name,
    id_type,
    case id_type
        when 'IDC' then body || '10X98765432'[1 + cast(list_sum(list_transform(range(1, 18), lambda i:
            cast(body[i] as integer) * [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2][i])) % 11 as bigint)]
        when 'PASSPORT' then 'E' || lpad(cast(10000000 + self as varchar), 8, '0')
        else 'X' || lpad(cast(self as varchar), 10, '0')
    end as id_no,
    birth_date,
    sex,
    ['154', '160', '161', '163', '164', '168', '169'][1 + cast(phone_owner % 7 as bigint)]
    || lpad(cast((phone_owner * 48271 + 1234567) % 100000000 as varchar), 8, '0') as mobile,
    self <> phone_owner as shares_family_mobile
from basic
order by n;
