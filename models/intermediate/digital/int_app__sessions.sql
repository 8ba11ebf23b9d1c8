-- Visits to the mobile bank in the last 90 days, one row each: when, how long, and what was looked at.
-- A session ends after a pause longer than session_gap_minutes, and at midnight: it belongs to one business date, so
-- that every window of days holds whole sessions. Events before login carry no customer and belong to no session.
with

-- Events of known customers, from the partitions that the longest window needs.
events as (
    select
        customer_id,
        event_id,
        event_date,
        event_at,
        event_type,
        page,
        lag(event_at) over (partition by customer_id, event_date order by event_at, event_id) as previous_event_at
    from {{ ref('int_app_events__by_customer') }}
    where {{ event_in_last_days('event_date', 90) }}
),

-- The first event of a day opens a session, and so does each event that comes later than the gap allows.
numbered as (
    select
        customer_id,
        event_date,
        event_at,
        event_type,
        page,
        sum(case
            when previous_event_at + interval '{{ var("session_gap_minutes") }}' minute >= event_at then 0
            else 1
        end) over (
            partition by customer_id, event_date
            order by event_at, event_id
            rows between unbounded preceding and current row
        ) as session_number
    from events
),

sessions as (
    select
        customer_id,
        event_date as session_date,
        cast(session_number as int) as session_number,
        min(event_at) as started_at,
        max(event_at) as ended_at,
        cast(
            {{ dbt.datediff('min(event_at)', 'max(event_at)', 'second') }}
            as int
        ) as session_seconds,
        count(case when event_type = 'login' then 1 end) as login_count,
        count(case when event_type = 'page_view' then 1 end) as page_view_count,
        count(case when event_type = 'page_view' and page = 'transfer' then 1 end) as transfer_page_view_count,
        count(case when event_type = 'page_view' and page = 'wealth' then 1 end) as wealth_page_view_count,
        count(case when event_type = 'page_view' and page = 'fund' then 1 end) as fund_page_view_count,
        count(case when event_type = 'page_view' and page = 'insurance' then 1 end) as insurance_page_view_count,
        count(case when event_type = 'page_view' and page = 'loan' then 1 end) as loan_page_view_count,
        count(case when event_type = 'page_view' and page = 'card' then 1 end) as card_page_view_count,
        count(case when event_type = 'page_view' and page = 'life' then 1 end) as life_page_view_count,
        count(case when event_type = 'application_start' and page = 'loan' then 1 end) as loan_application_start_count,
        count(case when event_type = 'application_submit' and page = 'loan' then 1 end)
            as loan_application_submit_count,
        count(case when event_type = 'application_start' and page = 'card' then 1 end) as card_application_start_count,
        count(case when event_type = 'application_submit' and page = 'card' then 1 end)
            as card_application_submit_count
    from numbered
    group by customer_id, event_date, session_number
)

select * from sessions
