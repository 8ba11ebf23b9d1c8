-- How the customer uses the mobile bank: how often, how long, when, and what they look at and apply for.
with

-- Which windows the app's events cover, and whether the devices are known.
customers as (
    select
        spine.*,
        {{ is_covered(['digital.devices']) }} as covers_devices,
        {{ is_covered(['digital.app_events', 'digital.devices']) }} as covers_app,
        {{ is_covered(['digital.app_events'], 7) }} as covers_7d,
        {{ is_covered(['digital.app_events'], 30) }} as covers_30d,
        {{ is_covered(['digital.app_events'], 90) }} as covers_90d
    from {{ ref('int_customer__spine') }} as spine
    left join {{ ref('int_source__covered_from') }} as covered on true
),

app_usage as (
    select
        customer_id,
        max(case when login_count > 0 then session_date end) as last_login_date,
        sum(case when {{ in_last_days('session_date', 7) }} then login_count end) as login_count_7d,
        sum(case when {{ in_last_days('session_date', 30) }} then login_count end) as login_count_30d,
        sum(login_count) as login_count_90d,
        count(distinct case when {{ in_last_days('session_date', 30) }} then session_date end) as active_days_30d,
        count(case when {{ in_last_days('session_date', 30) }} then 1 end) as session_count_30d,
        sum(case when {{ in_last_days('session_date', 30) }} then session_seconds end) as session_seconds_30d,
        sum(case when {{ in_last_days('session_date', 30) }} then page_view_count end) as page_view_count_30d,
        sum(case when {{ in_last_days('session_date', 30) }} then wealth_page_view_count end)
            as wealth_page_view_count_30d,
        sum(case when {{ in_last_days('session_date', 30) }} then fund_page_view_count end)
            as fund_page_view_count_30d,
        sum(case when {{ in_last_days('session_date', 30) }} then insurance_page_view_count end)
            as insurance_page_view_count_30d,
        sum(case when {{ in_last_days('session_date', 30) }} then loan_page_view_count end)
            as loan_page_view_count_30d,
        sum(case when {{ in_last_days('session_date', 30) }} then card_page_view_count end)
            as card_page_view_count_30d,
        sum(transfer_page_view_count) as transfer_page_view_count_90d,
        sum(wealth_page_view_count) as wealth_page_view_count_90d,
        sum(fund_page_view_count) as fund_page_view_count_90d,
        sum(insurance_page_view_count) as insurance_page_view_count_90d,
        sum(loan_page_view_count) as loan_page_view_count_90d,
        sum(card_page_view_count) as card_page_view_count_90d,
        sum(life_page_view_count) as life_page_view_count_90d,
        sum(loan_application_start_count) as loan_application_start_count_90d,
        sum(loan_application_submit_count) as loan_application_submit_count_90d,
        sum(card_application_start_count) as card_application_start_count_90d,
        sum(card_application_submit_count) as card_application_submit_count_90d
    from {{ ref('int_app__sessions') }}
    group by customer_id
),

-- The views of the page that the customer looks at most; home and the customer's own page are ways, not interests.
page_interest as (
    select
        *,
        greatest(
            wealth_page_view_count_90d,
            fund_page_view_count_90d,
            insurance_page_view_count_90d,
            loan_page_view_count_90d,
            card_page_view_count_90d,
            life_page_view_count_90d,
            transfer_page_view_count_90d
        ) as most_views_90d
    from app_usage
),

-- The part of the day in which most sessions begin; of equals, the earlier.
day_part_ranks as (
    select
        sessions.customer_id,
        day_parts.day_part,
        row_number() over (
            partition by sessions.customer_id
            order by count(*) desc, day_parts.hour_from asc
        ) as choice
    from {{ ref('int_app__sessions') }} as sessions
    inner join {{ ref('day_parts') }} as day_parts
        on
            extract(hour from sessions.started_at) >= day_parts.hour_from
            and extract(hour from sessions.started_at) < day_parts.hour_to
    group by sessions.customer_id, day_parts.day_part, day_parts.hour_from
),

-- Devices bound to the customer; the newest one is the one they carry.
bound_devices as (
    select
        customer_id,
        device_id,
        os,
        is_push_enabled,
        row_number() over (
            partition by customer_id
            order by valid_from desc, device_id asc
        ) as newness_rank
    from {{ ref('int_device__owners') }}
    where valid_to > {{ as_of_date() }}
),

devices as (
    select
        customer_id,
        count(distinct device_id) as device_count,
        count(case when is_push_enabled then 1 end) as push_device_count,
        max(case when newness_rank = 1 and os in ('IOS', 'ANDROID', 'HARMONY', 'OTHER') then lower(os) end) as device_os
    from bound_devices
    group by customer_id
),

digital as (
    select
        spine.customer_id,
        spine.as_of_date,

        -- The mobile bank itself: one sign of it is enough, and its lack is known where both sources are.
        case
            when not spine.is_core_customer then null
            when devices.customer_id is not null or app_usage.customer_id is not null then true
            when spine.covers_app then false
        end as has_app,
        {{ measured('devices.device_count', 'bigint', 'spine.covers_devices') }} as app_device_count,
        devices.device_os as app_device_os,
        case when spine.is_core_customer and spine.covers_devices then coalesce(devices.push_device_count, 0) > 0 end
            as has_push_enabled,

        -- Frequency and time.
        {{ measured('app_usage.login_count_7d', 'bigint', 'spine.covers_7d') }} as app_login_count_7d,
        {{ measured('app_usage.login_count_30d', 'bigint', 'spine.covers_30d') }} as app_login_count_30d,
        {{ measured('app_usage.login_count_90d', 'bigint', 'spine.covers_90d') }} as app_login_count_90d,
        {{ days_since('app_usage.last_login_date') }}
            as app_login_recency_days,
        {{ measured('app_usage.active_days_30d', 'bigint', 'spine.covers_30d') }} as app_active_days_30d,
        {{ measured('app_usage.session_count_30d', 'bigint', 'spine.covers_30d') }} as app_session_count_30d,
        case
            when spine.covers_30d
                then cast(app_usage.session_seconds_30d as double) / nullif(60 * app_usage.session_count_30d, 0)
        end as app_session_minutes_avg_30d,
        case when spine.covers_90d then day_parts.day_part end as preferred_app_day_part_90d,

        -- Interests: of pages viewed equally often, the one named first here.
        {{ measured('app_usage.page_view_count_30d', 'bigint', 'spine.covers_30d') }} as app_page_view_count_30d,
        {{ measured('app_usage.wealth_page_view_count_30d', 'bigint', 'spine.covers_30d') }}
            as wealth_page_view_count_30d,
        {{ measured('app_usage.fund_page_view_count_30d', 'bigint', 'spine.covers_30d') }} as fund_page_view_count_30d,
        {{ measured('app_usage.insurance_page_view_count_30d', 'bigint', 'spine.covers_30d') }}
            as insurance_page_view_count_30d,
        {{ measured('app_usage.loan_page_view_count_30d', 'bigint', 'spine.covers_30d') }} as loan_page_view_count_30d,
        {{ measured('app_usage.card_page_view_count_30d', 'bigint', 'spine.covers_30d') }} as card_page_view_count_30d,
        case
            when app_usage.most_views_90d = 0 or not spine.covers_90d then null
            when app_usage.most_views_90d = app_usage.wealth_page_view_count_90d then 'wealth'
            when app_usage.most_views_90d = app_usage.fund_page_view_count_90d then 'fund'
            when app_usage.most_views_90d = app_usage.insurance_page_view_count_90d then 'insurance'
            when app_usage.most_views_90d = app_usage.loan_page_view_count_90d then 'loan'
            when app_usage.most_views_90d = app_usage.card_page_view_count_90d then 'card'
            when app_usage.most_views_90d = app_usage.life_page_view_count_90d then 'life'
            when app_usage.most_views_90d = app_usage.transfer_page_view_count_90d then 'transfer'
        end as preferred_app_page_90d,

        -- Applications.
        {{ measured('app_usage.loan_application_start_count_90d', 'bigint', 'spine.covers_90d') }}
            as loan_application_started_count_90d,
        {{ measured('app_usage.loan_application_submit_count_90d', 'bigint', 'spine.covers_90d') }}
            as loan_application_submitted_count_90d,
        {{ measured('app_usage.card_application_start_count_90d', 'bigint', 'spine.covers_90d') }}
            as card_application_started_count_90d,
        {{ measured('app_usage.card_application_submit_count_90d', 'bigint', 'spine.covers_90d') }}
            as card_application_submitted_count_90d
    from customers as spine
    left join devices
        on spine.customer_id = devices.customer_id
    left join page_interest as app_usage
        on spine.customer_id = app_usage.customer_id
    left join day_part_ranks as day_parts
        on
            spine.customer_id = day_parts.customer_id
            and day_parts.choice = 1
)

select * from digital
