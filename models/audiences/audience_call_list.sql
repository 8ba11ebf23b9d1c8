-- Whom the relationship managers and channels act on (营销名单): each customer of a marketing audience in one list only,
-- that of the best priority, with their manager, until when the list stands, and what has come of it. Whom no channel
-- reaches is in none: contact_permissions says who that is, audience_members has it.

with

policy as (
    select max(case when parameter = 'list_valid_days' then cast(value as int) end) as list_valid_days
    from {{ ref('audience_policy') }}
),

-- Since when somebody is a member without a break: they were last added then.
additions as (
    select
        audience,
        customer_id,
        max(as_of_date) as listed_date
    from {{ ref('audience_changes') }}
    where
        change_type = 'added'
        and as_of_date <= {{ as_of_date() }}
    group by audience, customer_id
),

-- Lists that reach the customer compete by priority; two of the same priority by name.
candidates as (
    select
        members.customer_id,
        members.as_of_date,
        members.audience,
        members.product_id,
        members.channel,
        audiences.name_zh as reason_zh,
        audiences.offer_zh,
        audiences.priority,
        coalesce(additions.listed_date, members.as_of_date) as listed_date,
        row_number() over (
            partition by members.customer_id
            order by coalesce(audiences.priority, 1000), members.audience
        ) as place,
        count(*) over (partition by members.customer_id) - 1 as other_lists
    from {{ ref('audience_members') }} as members
    inner join {{ ref('audiences') }} as audiences
        on
            members.audience = audiences.audience
            and audiences.purpose = 'marketing'
            and members.channel is not null
    left join additions
        on
            members.audience = additions.audience
            and members.customer_id = additions.customer_id
),

listed as (
    select
        candidates.customer_id,
        candidates.as_of_date,
        candidates.audience,
        candidates.reason_zh,
        candidates.offer_zh,
        candidates.product_id,
        candidates.channel,
        candidates.priority,
        candidates.other_lists,
        candidates.listed_date,
        cast({{ dbt.dateadd('day', 'policy.list_valid_days', 'candidates.listed_date') }} as date) as expiry_date
    from candidates
    cross join policy
    where candidates.place = 1
),

-- What has come of it since.
feedback as (
    select
        listed.customer_id,
        max(case when touches.touch_status in ({{ refusal_statuses() }}) then 1 else 0 end) as is_unsubscribed,
        max(case when touches.touch_status in ('clicked', 'replied') then 1 else 0 end) as is_responded
    from listed
    inner join {{ ref('int_customer__touches') }} as touches
        on
            listed.customer_id = touches.customer_id
            and listed.listed_date <= touches.touch_date
    where {{ event_in_last_days('touches.touch_date', 365) }}
    group by listed.customer_id
),

audience_call_list as (
    select
        listed.customer_id,
        listed.as_of_date,
        listed.audience,
        listed.reason_zh,
        listed.offer_zh,
        listed.product_id,
        listed.channel,
        team.manager_id,
        team.branch_id,
        listed.priority,
        listed.other_lists,
        listed.listed_date,
        listed.expiry_date,
        case
            when feedback.is_unsubscribed = 1 then 'unsubscribed'
            when feedback.is_responded = 1 then 'responded'
            when feedback.customer_id is not null then 'contacted'
            when listed.expiry_date <= listed.as_of_date then 'expired'
            else 'open'
        end as feedback_status
    from listed
    left join feedback on listed.customer_id = feedback.customer_id
    left join {{ ref('int_customer__service_team') }} as team on listed.customer_id = team.customer_id
)

select * from audience_call_list
