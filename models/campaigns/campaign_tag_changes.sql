-- What the customers of campaigns were on the day of their assignment: of each tag that has changed since, what the
-- first change replaced. A tag without a row here still has the value of that day. Reads changes, not values: few rows.

{{ config(materialized='view') }}

with

changes_since as (
    select
        members.campaign_id,
        members.customer_id,
        changes.tag_code,
        changes.as_of_date as changed_date,
        changes.old_value as value_before,
        row_number() over (
            partition by members.campaign_id, members.customer_id, changes.tag_code
            order by changes.as_of_date
        ) as change_number
    from {{ ref('int_campaign__members') }} as members
    inner join {{ ref('tag_changes') }} as changes
        on
            members.customer_id = changes.customer_id
            and members.assigned_date < changes.as_of_date
),

campaign_tag_changes as (
    select
        campaign_id,
        customer_id,
        tag_code,
        changed_date,
        value_before
    from changes_since
    where change_number = 1
)

select * from campaign_tag_changes
