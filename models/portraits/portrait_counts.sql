-- How many customers have each value of each trait: in each group, in each branch, and in a branch's part of the groups
-- that are compared branch by branch. The wide mart is read once.

with

active as (
    select
        customer_id,
        branch_id
    from {{ ref('customer_tags') }}
    where relationship_status = 'active'
),

-- Whom to count under which key. Group '' is all active customers; branch '' is all branches, or none known.
counted as (
    select
        '' as portrait_group,
        coalesce(branch_id, '') as branch_key,
        customer_id
    from active

    union all

    select
        portrait_group,
        '' as branch_key,
        customer_id
    from {{ ref('portrait_members') }}

    union all

    select
        members.portrait_group,
        active.branch_id as branch_key,
        members.customer_id
    from {{ ref('portrait_members') }} as members
    inner join {{ ref('portrait_comparisons') }} as comparisons
        on members.portrait_group = comparisons.portrait_group
    inner join active
        on members.customer_id = active.customer_id
    where active.branch_id is not null
),

traits as (
    select
        counted.portrait_group,
        counted.branch_key,
        tags.*
    from counted
    inner join {{ ref('customer_tags') }} as tags
        on counted.customer_id = tags.customer_id
),

-- Everyone has the trait '': the size of the group.
portrait_counts as (
    {{ count_values('traits', ['portrait_group', 'branch_key'], [{'code': '', 'value': "''"}] + portrait_traits()) }}
)

select
    portrait_group,
    branch_key,
    tag_code,
    tag_value,
    customers,
    {{ as_of_date() }} as as_of_date
from portrait_counts
