-- CRM: contacts (customers and prospects), relations, risk assessments, consents, surveys and complaints.

-- How a contact can be recognised as the core customer: by identity hash, by mobile with name and birth date, or not at all.
create table contact as
select
    n,
    true as is_customer,
    case when n < 2 or u(n, 'crm id') < 0.7 then 'id' when u(n, 'crm id') < 0.985 or n >= 100 and n < 100 + 2 * {{ family_pairs }} then 'mobile' else 'none' end as recognised_by,
    opened_date - cast(u_int(n, 'lead time', 30) as integer) as created_date
from person
where not is_second and (n < 2 or u(n, 'in crm') < 0.93)
union all
-- Prospects have no core record.
select {{ prospects_from }} + j as n, false, 'none', date '{{ end }}' - 1 - cast(u_int(j, 'prospect since', {{ days }} + 200) as integer)
from range({{ prospects }}) as j (j)
order by n;

create temp table contact_row as
with known as (
    select
        contact.*,
        coalesce(identity.name, pick(name_parts.surnames, contact.n, 'surname') || pick(name_parts.middle, contact.n, 'middle char') || pick(name_parts.female, contact.n, 'given')) as name,
        case
            when contact.recognised_by = 'none' then '165' || lpad(cast((contact.n * 7211 + 99) % 100000000 as varchar), 8, '0')
            else identity.mobile
        end as mobile,
        case when contact.recognised_by = 'id' then sha256(upper(trim(identity.id_no))) end as id_no_sha256,
        coalesce(identity.birth_date, date '{{ end }}' - 7000 - cast(u_int(contact.n, 'prospect age', 16000) as integer)) as birth_date,
        coalesce(identity.sex, case when u(contact.n, 'sex') < 0.5 then 'M' else 'F' end) as sex,
        person.tier,
        person.occupation_code,
        branch.city_code,
        greatest(date '{{ start }}', contact.created_date) as dt
    from contact
    left join identity using (n)
    left join person using (n)
    left join branch on person.b = branch.b or person.b is null and branch.b = u_int(contact.n, 'prospect branch', {{ branches }})
    cross join name_parts
)
select
    contact_key(n) as contact_id,
    -- The CRM of the demo bank does not know the customer number: contacts are recognised by who they are.
    cast(null as varchar) as customer_id,
    name,
    mobile_form(mobile, case when u(n, 'crm mobile form') < 0.06 then 1 + u_int(n, 'crm mobile kind', 3) else 0 end) as mobile,
    id_no_sha256,
    birth_date,
    case when u(n, 'crm gender') < 0.3 then case sex when 'M' then '男' else '女' end else sex end as gender,
    city_code,
    case when u(n, 'crm work') < 0.6 then occupation_code end as occupation_code,
    case when u(n, 'asks home') < 0.7 then u(n, 'home') < case when tier <= 3 then 0.85 else 0.5 end end as owns_home,
    case when u(n, 'asks car') < 0.7 then u(n, 'car') < case when tier <= 3 then 0.75 else 0.35 end end as owns_car,
    u(n, 'wecom') < case when tier <= 3 then 0.8 when tier = 4 then 0.45 else 0.2 end as has_wecom_contact,
    pick(['BRANCH', 'BRANCH', 'REFERRAL', 'ONLINE', 'EVENT', 'PAYROLL'], n, 'lead') as lead_source,
    created_date,
    dt
from known
where dt <= date '{{ end }}';

insert into truth.dirt
select 'mobile_form', 'crm.contacts', contact_id, dt from contact_row where length(mobile) <> 11;
insert into truth.dirt
select 'exact_duplicate', 'crm.contacts', contact_id, dt from contact_row where u(contact_id, 'contact duplicate') < 0.0006;
create temp view contacts as
select * from contact_row
union all
select contact_row.*
from contact_row
inner join truth.dirt on dirt.kind = 'exact_duplicate' and dirt.table_name = 'crm.contacts' and dirt.row_key = contact_row.contact_id
order by dt, contact_id;

-- Relations. Spouses, friends, parents and children are mirrored; a referral points to the earlier contact; a household to its head.
create temp view relations as
with known as (
    select contact.n, contact.created_date, person.is_coupled, person.age
    from contact
    left join person using (n)
),
couple as (
    select first.n as n1, second.n as n2, greatest(first.created_date, second.created_date) as since_date
    from known as first
    inner join known as second on first.n % 2 = 0 and second.n = first.n + 1
    where first.is_coupled and second.is_coupled
),
family as (
    select parent.n as n1, child.n as n2, greatest(parent.created_date, child.created_date) as since_date
    from known as child
    inner join known as parent on parent.n = child.n - 3 - u_int(child.n, 'parent', 40)
    where parent.age - child.age between 19 and 45 and u(child.n, 'has parent') < 0.25
),
friend as (
    select first.n as n1, second.n as n2, greatest(first.created_date, second.created_date) as since_date
    from known as first
    inner join known as second on second.n = first.n + 2 + u_int(first.n, 'friend', 50)
    where u(first.n, 'has friend') < 0.04
),
referral as (
    -- A few contacts bring in many: the referrer's number is a multiple of five.
    select first.n as n1, second.n as n2, first.created_date as since_date
    from known as first
    inner join known as second on second.n = (u_int(first.n, 'referrer', {{ customers }}) // 5) * 5
    where u(first.n, 'is referred') < 0.09 and second.created_date < first.created_date and first.n <> second.n
),
-- Of some couples, one or two more live with them.
housemate as (
    select first.n as n1, other.n as n2, greatest(first.created_date, other.created_date) as since_date
    from couple
    inner join known as first on couple.n1 = first.n
    inner join known as other on other.is_coupled is false and (other.n = first.n + 2 or other.n = first.n + 3 and u(first.n, 'two more') < 0.4)
    where u(first.n, 'lives with others') < 0.3
),
directed as (
    select n1, n2, 'SPOUSE' as relation_type, 1 as t, since_date from couple
    union all
    select n2, n1, 'SPOUSE', 1, since_date from couple
    union all
    select n2, n1, 'HOUSEHOLD', 2, since_date from couple
    union all
    select n2, n1, 'HOUSEHOLD', 2, since_date from housemate
    union all
    -- From child to parent: "PARENT", and back.
    select n2, n1, 'PARENT', 3, since_date from family
    union all
    select n1, n2, 'CHILD', 4, since_date from family
    union all
    select n1, n2, 'FRIEND', 5, since_date from friend
    union all
    select n2, n1, 'FRIEND', 6, since_date from friend
    union all
    select n1, n2, 'REFERRED_BY', 7, since_date from referral
)
select
    'R' || lpad(cast(n1 as varchar), 8, '0') || lpad(cast(n2 as varchar), 8, '0') || cast(t as varchar) as relation_id,
    contact_key(n1) as from_contact_id,
    contact_key(n2) as to_contact_id,
    relation_type,
    since_date,
    case when relation_type in ('SPOUSE', 'HOUSEHOLD') and u(n1 + n2, 'divorce') < 0.03 and since_date < date '{{ end }}' - 60 then date '{{ end }}' - 30 end as until_date,
    case when relation_type in ('SPOUSE', 'HOUSEHOLD') and u(n1 + n2, 'divorce') < 0.03 and since_date < date '{{ end }}' - 60 then greatest(date '{{ start }}', date '{{ end }}' - 30)
        else greatest(date '{{ start }}', since_date) end as dt
from directed
where since_date <= date '{{ end }}'
order by dt, relation_id;

-- Planted households of more than two, by their head.
create table truth.households as
select to_contact_id as head_contact_id, 1 + count(*) as members
from relations
where relation_type = 'HOUSEHOLD' and until_date is null
group by to_contact_id
having count(*) > 1;

-- Risk assessments are valid one year; most investors have one, a part of them expired.
create temp view risk_assessments as
with assessed as (
    select contact.n, contact.created_date, person.tier, person.age, person.assets > person.cash as invests
    from contact
    inner join person using (n)
    where contact.n < 2 or u(contact.n, 'assessed') < case when person.assets > person.cash then 0.93 else 0.35 end
),
dated as (
    select *, greatest(created_date, date '{{ end }}' - cast(u_int(n, 'assessed on', 480) as integer)) as assessed_date from assessed
    union all
    -- An earlier assessment of some.
    select *, greatest(created_date, date '{{ end }}' - 700 - cast(u_int(n, 'assessed on', 200) as integer)) from assessed where u(n, 'assessed before') < 0.3 and created_date < date '{{ end }}' - 900
)
select
    'S' || cast(100000000 + n as varchar) || strftime(assessed_date, '%y%m%d') as assessment_id,
    contact_key(n) as contact_id,
    assessed_date,
    assessed_date + 365 as valid_to,
    case
        when age > 65 then pick(['C1', 'C1', 'C2', 'C2', 'C3'], n, 'risk')
        when tier <= 2 then pick(['C2', 'C3', 'C3', 'C4', 'C4', 'C5'], n, 'risk')
        else pick(['C1', 'C2', 'C2', 'C2', 'C3', 'C3', 'C3', 'C4', 'C5'], n, 'risk')
    end as risk_level,
    case when age > 50 then pick(['RETIREMENT', 'RETIREMENT', 'PRESERVATION', 'GROWTH'], n, 'goal')
        when age < 32 then pick(['HOUSING', 'HOUSING', 'GROWTH', 'EDUCATION'], n, 'goal')
        else pick(['EDUCATION', 'EDUCATION', 'HOUSING', 'GROWTH', 'RETIREMENT', 'PRESERVATION'], n, 'goal') end as investment_goal,
    greatest(date '{{ start }}', assessed_date) as dt
from dated
where assessed_date <= date '{{ end }}'
order by dt, assessment_id;

create temp view consents as
with asked (purpose, i, channel, share) as (values
    ('MARKETING', 1, 'ALL', 0.55), ('MARKETING', 2, 'SMS', 0.25), ('MARKETING', 3, 'APP', 0.2), ('PERSONALISATION', 4, 'ALL', 0.6),
    ('LOCATION', 5, 'APP', 0.25), ('DATA_SHARING', 6, 'ALL', 0.15), ('MARKETING', 7, 'PHONE', 0.12), ('MARKETING', 8, 'WECOM', 0.15)
),
given as (
    select contact.n, asked.purpose, asked.i, asked.channel, greatest(contact.created_date, date '{{ start }}' - 600) as given_date,
        u(contact.n * 10 + asked.i, 'withdraws') < 0.07 and contact.n >= 2 as is_withdrawn
    from contact
    cross join asked
    left join person using (n)
    where contact.n < 2 and asked.i in (1, 4)
        or contact.n >= 2 and u(contact.n, 'no consent') > 0.1
        -- Nearly all of the documents' graduates want offers.
        and u(contact.n * 10 + asked.i, 'consents') < case when person.is_graduate_shopper and asked.i in (1, 4) then 0.95 else asked.share end
),
withdrawn as (
    select *, case when is_withdrawn and given_date < date '{{ end }}' - 10
        then given_date + 5 + cast(u_int(n * 10 + i, 'withdrawn', date '{{ end }}' - given_date - 6) as integer) end as withdrawn_date
    from given
),
-- Of every second minor the guardian consented to every channel.
guarded as (
    select contact.n, 'GUARDIAN' as purpose, 9 as i, 'ALL' as channel, greatest(contact.created_date, date '{{ start }}' - 600) as given_date, false as is_withdrawn, cast(null as date) as withdrawn_date
    from contact
    inner join person using (n)
    where person.birth_date > date '{{ end }}' - interval '18' year and u(contact.n, 'guardian') < 0.5
),
version as (
    select *, false as shows_withdrawal, greatest(date '{{ start }}', given_date) as dt from withdrawn
    union all
    select *, false, greatest(date '{{ start }}', given_date) from guarded
    union all
    select *, true, withdrawn_date from withdrawn where withdrawn_date > greatest(date '{{ start }}', given_date)
)
select
    'N' || cast(100000000 + n as varchar) || cast(i as varchar) as consent_id,
    contact_key(n) as contact_id,
    purpose,
    channel,
    clock(given_date, 32400 + u_int(n, 'given at', 30000)) as given_at,
    case when shows_withdrawal or withdrawn_date <= date '{{ start }}' then clock(withdrawn_date, 32400 + u_int(n, 'withdrawn at', 30000)) end as withdrawn_at,
    dt
from version
where dt <= date '{{ end }}'
order by dt, consent_id;

create temp view nps_responses as
select
    'V' || cast(100000000 + person.n as varchar) || cast(wave.wave as varchar) as response_id,
    contact_key(person.n) as contact_id,
    wave.day + cast(u_int(person.n * 8 + wave.wave, 'answered', 7) as integer) as responded_date,
    cast(case person.stage
        when 'declining' then pick([2, 4, 5, 6, 6, 7, 8], person.n * 8 + wave.wave, 'score')
        when 'growing' then pick([7, 8, 9, 9, 10, 10], person.n * 8 + wave.wave, 'score')
        else pick([3, 5, 6, 7, 8, 8, 9, 9, 10, 10], person.n * 8 + wave.wave, 'score') end as integer) as score,
    pick(['APP', 'APP', 'SMS', 'PHONE', 'COUNTER'], person.n * 8 + wave.wave, 'survey channel') as survey_channel,
    wave.day + cast(u_int(person.n * 8 + wave.wave, 'answered', 7) as integer) as dt
from person
inner join contact using (n)
cross join (select row_number() over (order by first_day) as wave, first_day + 14 as day from month where month(first_day) in (2, 5, 8, 11) and first_day + 21 <= date '{{ end }}' and first_day + 14 >= date '{{ start }}') as wave
where u(person.n * 8 + wave.wave, 'answers') < 0.05 and person.opened_date < wave.day and (person.closed_date is null or person.closed_date > wave.day + 7) and person.stage <> 'dormant'
order by dt, response_id;

create temp view complaints as
with complaint as (
    select person.n, greatest(date '{{ start }}', person.opened_date) + 1 + cast(u_int(person.n, 'complains on', greatest(1, date '{{ end }}' - greatest(date '{{ start }}', person.opened_date) - 1)) as integer) as complained_date,
        u(person.n, 'resolves') as r
    from person
    inner join contact using (n)
    where person.n >= 2 and person.stage <> 'dormant' and u(person.n, 'complains') < {{ years }} * case person.stage when 'declining' then 0.06 when 'churned' then 0.08 else 0.015 end
),
resolved as (
    select *, case when r < 0.85 and complained_date + 1 + cast(floor(r * 20) as integer) <= date '{{ end }}' then complained_date + 1 + cast(floor(r * 20) as integer) end as resolved_date
    from complaint
    where complained_date <= date '{{ end }}'
)
select
    'Z' || cast(100000000 + n as varchar) as complaint_id,
    contact_key(n) as contact_id,
    complained_date,
    pick(['SERVICE', 'SERVICE', 'FEES', 'APP', 'SALES', 'CREDIT', 'OTHER'], n, 'complaint') as category,
    case when version.v = 2 then resolved_date end as resolved_date,
    case when version.v = 2 then resolved_date else complained_date end as dt
from resolved
cross join (values (1), (2)) as version (v)
where version.v = 1 or resolved_date is not null
order by dt, complaint_id;

-- The do-not-contact list: persons by their contact or customer number, and numbers; some entries have ended.
create temp view do_not_contact as
with entry as (
    select
        person.n,
        person.customer_id,
        identity.mobile,
        case when contact.n is null then 'customer' else pick(['contact', 'customer', 'mobile'], person.n, 'listed by') end as listed_by,
        greatest(date '{{ start }}', person.opened_date) + 1 + cast(u_int(person.n, 'listed on', greatest(1, date '{{ end }}' - greatest(date '{{ start }}', person.opened_date) - 1)) as integer) as listed_from
    from person
    inner join identity using (n)
    left join contact using (n)
    where person.n >= 2 and person.stage <> 'churned' and u(person.n, 'listed') < 0.003
)
select
    'D' || cast(100000000 + n as varchar) as entry_id,
    case when listed_by = 'contact' then contact_key(n) end as contact_id,
    case when listed_by = 'customer' then customer_id end as customer_id,
    case when listed_by = 'mobile' then mobile end as mobile,
    pick(['ALL', 'ALL', 'SMS', 'PHONE'], n, 'listed channel') as channel,
    pick(['MARKETING', 'MARKETING', 'MARKETING', 'ALL'], n, 'listed purpose') as purpose,
    listed_from,
    case when u(n, 'listed until') < 0.2 then listed_from + 30 end as listed_until,
    pick(['客户来电要求', '投诉处理结果', '监管转办'], n, 'listed reason') as reason,
    listed_from as dt
from entry
where listed_from <= date '{{ end }}'
order by dt, entry_id;
