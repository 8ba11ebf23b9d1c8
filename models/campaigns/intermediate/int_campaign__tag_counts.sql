-- How many customers of a campaign have each value of each enumerated tag, and how many of them succeeded, beside the
-- rest of the campaign: one row a campaign, tag and value. Treatment is arm 1, control arm 2. Reads the wide mart once,
-- for the members only, and what has changed in them since.

with

members as (
    select * from {{ ref('int_campaign__successes') }}
),

-- What the wide mart says of them today.
tagged_members as (
    select *
    from {{ ref('customer_tags') }}
    where customer_id in (select members.customer_id from members)
),

-- The day since which the bank has known each of them as a customer.
customers_since as (
    select
        customer_id,
        cast({{ dbt.dateadd('day', '-cast(tenure_days as int)', 'as_of_date') }} as date) as customer_since
    from tagged_members
),

-- A row for each of their tags.
today_values as (
    {{ unpivot_tags('tagged_members', ['customer_id', 'as_of_date']) }}
),

-- Since when each tag's changes are kept.
tracked as (
    select
        tag_code,
        min(as_of_date) as tracked_from
    from {{ ref('tag_versions') }}
    group by tag_code
),

-- Tags whose values are listed; not those that say how customers answer to messages, which the campaign itself decides.
tags as (
    select
        entries.tag_code,
        entries.name_zh,
        entries.version,
        lasting.tag_code is not null as is_lasting,
        case when entries.status = 'certified' then tracked.tracked_from end as tracked_from
    from {{ ref('tag_dictionary') }} as entries
    left join {{ ref('lasting_tags') }} as lasting
        on entries.tag_code = lasting.tag_code
    left join tracked
        on entries.tag_code = tracked.tag_code
    where
        entries.tag_code in (select listed.tag_code from {{ ref('tag_values') }} as listed)
        and entries.path not like '行为/触达%'
        and entries.security_level <= 3
),

-- The value on the day of the assignment where the history reaches back to it, else today's, which the campaign may
-- have moved: who a person is lasts, but of whom the
-- campaign made a customer it was not known before. Dates are compared here and not in the join, which so stays one by
-- hash.
tag_values_of_members as (
    select
        members.campaign_id,
        members.customer_id,
        members.arm,
        members.is_success,
        today_values.tag_code,
        coalesce(
            case when members.assigned_date >= tags.tracked_from then changes.value_before end, today_values.tag_value
        ) as tag_value,
        (tags.is_lasting and coalesce(members.assigned_date >= customers_since.customer_since, false))
        or coalesce(members.assigned_date >= tags.tracked_from, false)
        and (changes.tag_code is null or changes.value_before is not null) as is_known_before
    from members
    inner join customers_since
        on members.customer_id = customers_since.customer_id
    inner join today_values
        on members.customer_id = today_values.customer_id
    inner join tags
        on today_values.tag_code = tags.tag_code
    left join {{ ref('campaign_tag_changes') }} as changes
        on
            members.campaign_id = changes.campaign_id
            and members.customer_id = changes.customer_id
            and today_values.tag_code = changes.tag_code
),

-- All customers of each campaign.
wholes as (
    select
        campaign_id,
        count(case when arm = 'TREATMENT' then 1 end) as all_n_1,
        count(case when arm = 'CONTROL' then 1 end) as all_n_2,
        count(case when arm = 'TREATMENT' and is_success then 1 end) as all_x_1,
        count(case when arm = 'CONTROL' and is_success then 1 end) as all_x_2
    from members
    group by campaign_id
),

-- Those who have each value.
counts as (
    select
        campaign_id,
        tag_code,
        tag_value,
        min(case when is_known_before then 1 else 0 end) = 1 as is_known_before,
        count(case when arm = 'TREATMENT' then 1 end) as n_1,
        count(case when arm = 'CONTROL' then 1 end) as n_2,
        count(case when arm = 'TREATMENT' and is_success then 1 end) as x_1,
        count(case when arm = 'CONTROL' and is_success then 1 end) as x_2
    from tag_values_of_members
    group by campaign_id, tag_code, tag_value
),

-- Those who have the value beside all others of the campaign, the rest. Neither a group that is too small is shown,
-- nor one whose rest would be.
tag_counts as (
    select
        counts.*,
        tags.name_zh as tag_name_zh,
        tags.version as tag_version,
        coalesce(listed.name_zh, counts.tag_value) as value_name_zh,
        wholes.all_n_1 - counts.n_1 as rest_n_1,
        wholes.all_n_2 - counts.n_2 as rest_n_2,
        wholes.all_x_1 - counts.x_1 as rest_x_1,
        wholes.all_x_2 - counts.x_2 as rest_x_2
    from counts
    inner join wholes
        on counts.campaign_id = wholes.campaign_id
    inner join tags
        on counts.tag_code = tags.tag_code
    left join {{ ref('tag_values') }} as listed
        on
            counts.tag_code = listed.tag_code
            and counts.tag_value = listed.value
    where
        counts.n_1 + counts.n_2 >= {{ minimum_group_size() }}
        and wholes.all_n_1 + wholes.all_n_2 - counts.n_1 - counts.n_2 >= {{ minimum_group_size() }}
)

select * from tag_counts
