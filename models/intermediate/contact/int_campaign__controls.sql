-- Whom no marketing reaches because a running campaign is measured against them (在跑活动的对照组, DECISIONS 81): one row
-- a customer who is a control of one, by a frozen list or by an assignment that the marketing system delivered. A
-- campaign runs up to and with its last day; one of which no last day is known runs on.

with

controls as (
    select
        assignments.customer_id,
        min(assignments.assigned_date) as control_since,
        count(distinct assignments.campaign_id) as campaigns
    from {{ ref('int_campaign__assignments') }} as assignments
    left join {{ ref('stg_marketing__campaigns') }} as campaigns
        on assignments.campaign_id = campaigns.campaign_id
    where
        assignments.arm = 'CONTROL'
        and assignments.assigned_date <= {{ as_of_date() }}
        and (campaigns.end_date is null or campaigns.end_date >= {{ as_of_date() }})
    group by assignments.customer_id
)

select * from controls
