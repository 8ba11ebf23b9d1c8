-- One month of the mobile bank: sessions around the customer's hour, at most one in each two-hour block, so that sessions of a
-- day stand more than thirty minutes apart and events within one session do not.
create temp table event as
with session as (
    select person.n, person.n * 1000000 + {{ serial }} * 100 + i.i as k, i.i, null as application,
        date '{{ first }}' + pick([{{ day_slots | join(', ') }}], person.n * 1000000 + {{ serial }} * 100 + i.i, 'session day') as d,
        case when u(person.n * 1000000 + {{ serial }} * 100 + i.i, 'own hour') < 0.7 then person.hour else 7 + u_int(person.n * 1000000 + {{ serial }} * 100 + i.i, 'other hour', 16) end // 2 as block,
        person.opened_date, person.closed_date, person.dormant_from, person.tier
    from person
    cross join lateral (select unnest(range(cast(floor(
        (case when tier <= 3 then 3.2 else 0.7 + 0.35 * activity end) * {{ season }} * case stage when 'declining' then 0.6 when 'growing' then 1.2 else 1.0 end
        + u(person.n * 10000 + {{ serial }}, 'session count')) as bigint))) as i) as i
    where person.is_app_user and not person.is_second
    union all
    -- The application that led to a new credit card.
    select person.n, person.n * 1000000 + {{ serial }} * 100 + 99, -1, 'card', greatest(credit_card.issued_date - 2, person.opened_date), 10, person.opened_date, person.closed_date, person.dormant_from, person.tier
    from credit_card
    inner join person using (n)
    where person.is_app_user and greatest(credit_card.issued_date - 2, person.opened_date) between date '{{ activity_first }}' and date '{{ last }}'
    union all
    -- The documents' graduates have asked for a loan lately.
    select n, n * 1000000 + {{ serial }} * 100 + 98, -1, 'loan', date '{{ end }}' - 5 - cast(u_int(n, 'asks for a loan', 10) as integer), 9, opened_date, closed_date, dormant_from, tier
    from person
    where is_graduate_shopper and date '{{ end }}' - 5 - cast(u_int(n, 'asks for a loan', 10) as integer) between date '{{ activity_first }}' and date '{{ last }}'
    union all
    -- Whom the campaign for the mobile bank wakes comes back on several days.
    select person.n, person.n * 1000000 + {{ serial }} * 100 + 70 + i.i, i.i, null, campaign.start_date + 1 + 4 * cast(i.i as integer) + cast(u_int(person.n * 8 + i.i, 'comes back', 4) as integer),
        person.hour // 2, person.opened_date, person.closed_date, person.dormant_from, person.tier
    from assignment
    inner join campaign on assignment.c = campaign.c and campaign.goal = 'ACTIVATION'
    inner join person using (n)
    cross join range(6) as i (i)
    where case arm when 'TREATMENT' then converts_if_treated else converts_if_control end
        and campaign.start_date + 1 + 4 * cast(i.i as integer) + cast(u_int(person.n * 8 + i.i, 'comes back', 4) as integer) between date '{{ activity_first }}' and date '{{ last }}'
),
kept as (
    select n, d, block, min_by(k, i) as k, min_by(application, i) as own_application
    from session
    where d >= date '{{ activity_first }}' and d >= opened_date and (closed_date is null or d < closed_date) and (dormant_from is null or d < dormant_from)
    group by n, d, block
),
planned as (
    select *,
        coalesce(own_application, case when u(k, 'applies') < 0.012 then pick(['loan', 'card', 'loan'], k, 'applies for') end) as application,
        own_application is not null or u(k, 'submits') < 0.5 as is_submitted,
        u(k, 'anonymous') < 0.03 as has_anonymous_view,
        2 + u_int(k, 'events', 4) as events,
        block * 7200 + 90 + u_int(k, 'session second', 1400) as s
    from kept
),
step as (
    select planned.*, j.j,
        case
            when j.j = -1 then 'page_view'
            when j.j = 0 then 'login'
            when application is not null and j.j = 2 then 'application_start'
            when application is not null and j.j = 3 and is_submitted then 'application_submit'
            when u(k * 16 + j.j, 'event kind') < 0.35 then 'click'
            else 'page_view'
        end as event_type,
        case
            when j.j <= 0 then 'home'
            when application is not null then application
            else pick(['home', 'transfer', 'transfer', 'wealth', 'wealth', 'fund', 'loan', 'card', 'life', 'life', 'insurance', 'me'], (n * 3 + u_int(k * 16 + j.j, 'page kind', 3)) * 2 + (u(k * 16 + j.j, 'page other') < 0.4)::int * u_int(k * 16 + j.j, 'page', 1000000), 'page of')
        end as page
    from planned
    cross join lateral (select unnest(range(-1, greatest(events, case when application is not null then 4 else 0 end))) as j) as j
    where j.j >= 0 or has_anonymous_view
)
select
    n, k, j, d, cast(s + j * (25 + u_int(k, 'pace', 120)) as integer) as second, cast(event_type as event_type) as event_type, cast(page as page) as page, 0 as is_extra,
    case when n >= 2 and d + 3 <= date '{{ last }}' then u(k * 16 + j, 'event dirt') else 1.0 end as dirt
from step;

create temp table dirty_event as
select *, 'exact_duplicate' as dirt_kind from event where dirt < 0.0003
union all
select * replace (1 as is_extra), 'orphan_customer' from event where dirt >= 0.0003 and dirt < 0.0005 and j >= 0;

insert into truth.dirt
select dirt_kind, 'digital.app_events', event_key(k, j, is_extra), d from dirty_event;

create temp view app_events as
select
    event_key(k, j, is_extra) as event_id,
    case when j < 0 then null when is_extra = 1 then customer_key(n + 700000000) else customer_key(n) end as customer_id,
    'D' || cast(1000000000 + n * 10 as varchar) as device_id,
    d as event_date,
    clock(d, second) as event_at,
    event_type,
    page,
    d as dt
from (
    select * from event
    union all
    select * exclude (dirt_kind) from dirty_event
    order by d, n, second, k, j, is_extra
);
