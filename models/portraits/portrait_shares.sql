-- How many customers have each value of a trait, among the members of a group and among the others (群体人数): one row a
-- group, branch, trait and value that anybody has, and whether it would tell of few.
--
-- Figures that are suppressed stand here as they are: portrait_group is what a reader sees.

{{ config(materialized='view') }}

{% set trait = 'portrait_group, branch_key, tag_code' -%}

with

-- The size under which nothing is told of a group.
privacy as (
    select {{ minimum_group_size() }} as minimum_size
),

-- Numbers by their band; what has no bands stands by itself.
counts as (
    select
        counts.portrait_group,
        counts.branch_key,
        counts.is_member,
        counts.tag_code,
        coalesce(bands.band, counts.tag_value) as tag_value,
        sum(counts.customers) as customers
    from {{ ref('portrait_counts') }} as counts
    left join {{ ref('portrait_bands') }} as bands
        on
            counts.tag_code = bands.tag_code
            and {{ in_band('try_cast(counts.tag_value as int)', 'bands.value_from', 'bands.value_to') }}
    group by
        counts.portrait_group, counts.branch_key, counts.is_member, counts.tag_code,
        coalesce(bands.band, counts.tag_value)
),

-- Who may be a member, and is no comparison for members.
unknown as (
    select
        portrait_group,
        branch_key,
        tag_code,
        tag_value,
        customers
    from counts
    where not is_member
),

-- All active customers: of the whole bank, and of each branch.
everyone as (
    select
        '' as branch_key,
        tag_code,
        tag_value,
        sum(customers) as customers
    from counts
    where portrait_group = ''
    group by tag_code, tag_value

    union all

    select
        branch_key,
        tag_code,
        tag_value,
        customers
    from counts
    where portrait_group = '' and branch_key <> ''
),

-- The groups that have members; everyone has the trait '', see portrait_counts.
groups_with_members as (
    select
        portrait_group,
        branch_key
    from counts
    where portrait_group <> '' and is_member and tag_code = ''
),

-- Each value that anybody has, in the group and among the others.
compared as (
    select
        groups_with_members.portrait_group,
        groups_with_members.branch_key,
        everyone.tag_code,
        everyone.tag_value,
        coalesce(members.customers, 0) as n,
        everyone.customers - coalesce(members.customers, 0) - coalesce(unknown.customers, 0) as comparison_n,
        privacy.minimum_size
    from groups_with_members
    cross join privacy
    inner join everyone
        on groups_with_members.branch_key = everyone.branch_key
    left join counts as members
        on
            groups_with_members.portrait_group = members.portrait_group
            and groups_with_members.branch_key = members.branch_key
            and everyone.tag_code = members.tag_code
            and everyone.tag_value = members.tag_value
            and members.is_member
    left join unknown
        on
            groups_with_members.portrait_group = unknown.portrait_group
            and groups_with_members.branch_key = unknown.branch_key
            and everyone.tag_code = unknown.tag_code
            and everyone.tag_value = unknown.tag_value
    where everyone.tag_code <> ''
),

-- Shares are of the customers whose value is known: no data is not no.
known as (
    select
        *,
        sum(n) over (partition by {{ trait }}) as known_n,
        sum(comparison_n) over (partition by {{ trait }}) as comparison_known_n,
        sum(case when n < minimum_size then n else 0 end) over (partition by {{ trait }}) as few,
        sum(case when comparison_n < minimum_size then comparison_n else 0 end) over (partition by {{ trait }})
            as comparison_few,
        row_number() over (
            partition by {{ trait }}
            order by case when n < minimum_size then 1 else 0 end, n, tag_value
        ) as place,
        row_number() over (
            partition by {{ trait }}
            order by case when comparison_n < minimum_size then 1 else 0 end, comparison_n, tag_value
        ) as comparison_place
    from compared
),

-- What fewer than the minimum have is suppressed, on either side; and where these few together are so few that the
-- others give them away, the next smallest value too.
portrait_shares as (
    select
        portrait_group,
        branch_key,
        tag_code,
        tag_value,
        cast(n as bigint) as n,
        cast(known_n as bigint) as known_n,
        cast(comparison_n as bigint) as comparison_n,
        cast(comparison_known_n as bigint) as comparison_known_n,
        n < minimum_size
        or comparison_n < minimum_size
        or (few between 1 and minimum_size - 1 and place = 1)
        or (comparison_few between 1 and minimum_size - 1 and comparison_place = 1) as is_suppressed
    from known
)

select * from portrait_shares
