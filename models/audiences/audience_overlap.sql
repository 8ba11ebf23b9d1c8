-- How much two audiences overlap (客群重叠): one row an ordered pair of audiences, each with itself too.
--
-- An overlap of some, but fewer than the least group, is suppressed: it would tell of single customers. So is one that
-- leaves out so few of either audience: almost all of it tells of the others.

with

sizes as (
    select
        audience,
        count(*) as members
    from {{ ref('audience_members') }}
    group by audience
),

shared as (
    select
        one.audience,
        other.audience as other_audience,
        count(*) as members_in_both
    from {{ ref('audience_members') }} as one
    inner join {{ ref('audience_members') }} as other on one.customer_id = other.customer_id
    group by one.audience, other.audience
),

pairs as (
    select
        one.audience,
        other.audience as other_audience,
        one.members,
        other.members as other_members,
        coalesce(shared.members_in_both, 0) as members_in_both,
        coalesce(shared.members_in_both, 0) between 1 and {{ minimum_group_size() }} - 1
        or (
            coalesce(shared.members_in_both, 0) > 0
            and (
                one.members - shared.members_in_both between 1 and {{ minimum_group_size() }} - 1
                or other.members - shared.members_in_both between 1 and {{ minimum_group_size() }} - 1
            )
        ) as is_suppressed
    from sizes as one
    cross join sizes as other
    left join shared
        on
            one.audience = shared.audience
            and other.audience = shared.other_audience
),

audience_overlap as (
    select
        audience,
        other_audience,
        {{ as_of_date() }} as as_of_date,
        is_suppressed,
        case when not is_suppressed then members_in_both end as members_in_both,
        case when not is_suppressed then cast(members_in_both as double) / members end as share_of_audience,
        case
            when not is_suppressed then cast(members_in_both as double) / (members + other_members - members_in_both)
        end as jaccard
    from pairs
)

select * from audience_overlap
