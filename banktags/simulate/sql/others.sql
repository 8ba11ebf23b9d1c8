-- Small systems: devices, credit reports and the governance logs.

create temp view devices as
select
    'D' || cast(1000000000 + person.n * 10 + i.i as varchar) as device_id,
    person.customer_id,
    pick(['IOS', 'ANDROID', 'ANDROID', 'HARMONY', 'HARMONY', 'OTHER'], person.n * 4 + i.i, 'os') as os,
    greatest(person.opened_date, date '{{ start }}' - 900 + 300 * cast(i.i as integer)) as first_seen_date,
    u(person.n * 4 + i.i, 'push') < 0.7 as is_push_enabled,
    greatest(date '{{ start }}', person.opened_date) as dt
from person
cross join range(2) as i (i)
where person.is_app_user and not person.is_second and (i.i = 0 or u(person.n, 'second device') < 0.15)
order by dt, device_id;

-- Bureau: drawn at each application and once a year; the score falls with overdue debt here.
create temp view credit_reports as
with subject as (
    select person.n, person.opened_date, loan.overdue_days as loan_overdue, credit_card.overdue_days as card_overdue, loan.principal_cents, person.assets,
        case
            when loan.granted_date > date '{{ start }}' then loan.granted_date - 3
            when credit_card.issued_date > date '{{ start }}' then credit_card.issued_date - 3
            else date '{{ start }}' + cast(u_int(person.n, 'report day', {{ days }} - 1) as integer)
        end as reported_date
    from person
    left join loan using (n)
    left join credit_card using (n)
    where not person.is_second and person.stage <> 'churned' and (person.n < 2 or loan.n is not null or credit_card.n is not null or u(person.n, 'report') < 0.15)
),
scored as (
    select *,
        greatest(0, coalesce(loan_overdue, 0) - (date '{{ end }}' - reported_date)) as overdue_then,
        coalesce(loan_overdue, 0) > 0 or coalesce(card_overdue, 0) > 0 as is_weak
    from subject
)
select
    'CR' || cast(100000000 + n as varchar) as report_id,
    customer_key(n) as customer_id,
    greatest(reported_date, opened_date) as reported_date,
    cast(least(850, greatest(320, 700 + 60 * (u(n, 'score') + u(n, 'score2') - 1) * 1.6 - case when is_weak then 90 else 0 end - least(120, overdue_then))) as integer) as credit_score,
    yuan(cast(assets * 0.8 * u(n, 'external debt') * (u(n, 'owes elsewhere') < 0.5)::int as bigint)) as external_debt,
    cast(case when is_weak then 1 + u_int(n, 'overdue times', 6) when u(n, 'overdue times') < 0.06 then 1 else 0 end as integer) as overdue_count_24m,
    cast(case when is_weak then u_int(n, 'inquiries', 12) else u_int(n, 'inquiries', 4) end as integer) as inquiry_count_6m,
    greatest(date '{{ start }}', reported_date, opened_date) as dt
from scored
order by dt, report_id;

create table tag_code as
select unnest(['aum_spot', 'aum_month_avg', 'transaction_count_30d', 'transfer_count_30d', 'login_days_7d', 'has_credit_card', 'age', 'city_name',
    'risk_appetite', 'loan_overdue_days', 'product_category_count', 'cinema_spend_90d', 'referral_count', 'nps_score_latest', 'complaint_count_90d']) as tag_code;

create temp view tag_requests as
select
    'RQ' || lpad(cast(i.i as varchar), 4, '0') as request_id,
    (select list(tag_code) from tag_code)[1 + cast(i.i % 15 as bigint)] as tag_code,
    pick(['product manager', 'branch president', 'campaign manager', 'risk officer'], i.i, 'requester') as requested_by,
    pick(['retail', 'wealth', 'credit card', 'risk', 'digital'], i.i, 'department') as department,
    date '{{ start }}' + cast((i.i * ({{ days }} - 1)) // 30 as integer) as requested_date,
    pick(['REQUESTED', 'DEFINED', 'DEVELOPED', 'CERTIFIED', 'PUBLISHED', 'PUBLISHED', 'REJECTED'], i.i, 'request status') as request_status,
    date '{{ start }}' + cast((i.i * ({{ days }} - 1)) // 30 as integer) as dt
from range(30) as i (i)
order by dt, request_id;

create temp view tag_reviews as
select
    'RV' || lpad(cast(i.i as varchar), 4, '0') as review_id,
    (select list(tag_code) from tag_code)[1 + u_int(i.i, 'reviewed tag', 15)] as tag_code,
    pick(['relationship manager', 'analyst', 'campaign manager'], i.i, 'reviewer') as reviewer,
    date '{{ start }}' + cast((i.i * ({{ days }} - 1)) // 60 as integer) as reviewed_date,
    cast(pick([2, 3, 4, 4, 5, 5], i.i, 'rating') as integer) as rating,
    pick(['clear and useful', 'definition unclear', 'too many nulls', 'updated late', 'matches what customers tell me'], i.i, 'comment') as review_comment,
    u(i.i, 'resolved') < 0.7 as is_resolved,
    date '{{ start }}' + cast((i.i * ({{ days }} - 1)) // 60 as integer) as dt
from range(60) as i (i)
order by dt, review_id;

create temp view query_log as
select
    'QL' || strftime(day.day, '%y%m%d') || lpad(cast(i.i as varchar), 3, '0') as query_id,
    (select list(tag_code) from tag_code)[1 + cast(floor(power(u((day.day - date '2000-01-01') * 100 + i.i, 'queried tag'), 1.8) * 15) as bigint)] as tag_code,
    pick(['analyst', 'relationship manager', 'campaign manager', 'risk officer', 'data scientist'], (day.day - date '2000-01-01') * 100 + i.i, 'role') as user_role,
    pick(['retail', 'wealth', 'credit card', 'risk', 'digital'], (day.day - date '2000-01-01') * 100 + i.i, 'query department') as department,
    day.day as queried_date,
    pick(['marketing', 'marketing', 'service', 'risk', 'analysis'], (day.day - date '2000-01-01') * 100 + i.i, 'purpose') as purpose,
    day.day as dt
from (select cast(unnest(range(date '{{ start }}', date '{{ end }}' + 1, interval 1 day)) as date) as day) as day
cross join range(20) as i (i)
where i.i < case when isodow(day.day) >= 6 then 2 else 8 + u_int(day.day - date '2000-01-01', 'queries', 12) end
order by dt, query_id;
