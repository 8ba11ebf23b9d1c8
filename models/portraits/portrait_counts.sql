-- How many customers have each value of each trait: in each group, in each branch, and in a branch's part of the groups
-- that are compared branch by branch; and how many of those of whom it is not known whether they are in the group. All
-- groups are counted in one pass over the wide mart.

{%- set unknown_groups = [] -%}
{%- for tag in portrait_group_tags() -%}
    {%- do unknown_groups.append("case when " ~ tag ~ " is null then '" ~ tag ~ "' end") -%}
{%- endfor -%}
{%- for entry in audience_entries() -%}
    {%- set condition = "(\n" ~ entry.predicate ~ "\n)" -%}
    {%- do unknown_groups.append("case when " ~ condition ~ " is null then '" ~ entry.audience ~ "' end") -%}
{%- endfor %}

with

active as (
    select
        customer_id,
        branch_id
    from {{ ref('customer_tags') }}
    where relationship_status = 'active'
),

-- Whose tag of a group, or condition of an audience, is neither yes nor no.
not_known as (
    select
        {{ unfold(unknown_groups or ["cast(null as string)"]) }} as portrait_group,
        customer_id
    from {{ ref('customer_tags') }}
    where relationship_status = 'active'
),

-- Members, and those who may be: neither are compared with the members. A member by other means, as of an audience that
-- has been frozen, is known to be one.
belonging as (
    select
        portrait_group,
        customer_id,
        true as is_member
    from {{ ref('portrait_members') }}

    union all

    select
        not_known.portrait_group,
        not_known.customer_id,
        false as is_member
    from not_known
    left join {{ ref('portrait_members') }} as members
        on
            not_known.portrait_group = members.portrait_group
            and not_known.customer_id = members.customer_id
    where members.customer_id is null
),

-- Whom to count under which key. Group '' is all active customers; branch '' is all branches, or none known.
counted as (
    select
        '' as portrait_group,
        coalesce(branch_id, '') as branch_key,
        true as is_member,
        customer_id
    from active

    union all

    select
        portrait_group,
        '' as branch_key,
        is_member,
        customer_id
    from belonging

    union all

    select
        belonging.portrait_group,
        active.branch_id as branch_key,
        belonging.is_member,
        belonging.customer_id
    from belonging
    inner join {{ ref('portrait_comparisons') }} as comparisons
        on belonging.portrait_group = comparisons.portrait_group
    inner join active
        on belonging.customer_id = active.customer_id
    where active.branch_id is not null
),

traits as (
    select
        counted.portrait_group,
        counted.branch_key,
        counted.is_member,
        tags.*
    from counted
    inner join {{ ref('customer_tags') }} as tags
        on counted.customer_id = tags.customer_id
),

-- Everyone has the trait '': the size of the group.
portrait_counts as (
    {{ count_values(
        'traits', ['portrait_group', 'branch_key', 'is_member'], [{'code': '', 'value': "''"}] + portrait_traits()
    ) }}
)

select
    portrait_group,
    branch_key,
    is_member,
    tag_code,
    tag_value,
    customers,
    {{ as_of_date() }} as as_of_date
from portrait_counts
