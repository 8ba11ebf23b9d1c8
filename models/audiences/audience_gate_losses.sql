-- How many each gate removed from each audience, in the order in which the gates judge, and how many were left after
-- it: one row an audience and gate, and the losses of all gates are the difference between whom the predicate finds
-- and the members.
--
-- Some, but fewer than the least group, are suppressed: the number would tell of single customers. So is what would
-- give it away by a difference: where all that is suppressed of an audience is less than the least group, the next
-- smallest loss too, or where there is none, whom the predicate finds.

with

members as (
    select
        audience,
        count(*) as members
    from {{ ref('audience_members') }}
    group by audience
),

removed as (
    select
        audience,
        removed_by as gate,
        count(*) as removed
    from {{ ref('audience_removals') }}
    group by audience, removed_by
),

counted as (
    select
        audiences.audience,
        audiences.as_of_date,
        audiences.candidates,
        audiences.members as members_told,
        gates.gate,
        gates.position,
        gates.name_zh,
        gates.basis,
        coalesce(removed.removed, 0) as removed,
        coalesce(members.members, 0) as members,
        {{ minimum_group_size() }} as minimum_size
    from {{ ref('audiences') }} as audiences
    inner join {{ ref('audience_gates') }} as gates on gates.removes_member
    left join members on audiences.audience = members.audience
    left join removed
        on
            audiences.audience = removed.audience
            and gates.gate = removed.gate
),

-- Few are suppressed; of the others the smallest loss stands ready to hide a small sum of them. Few members are hidden
-- with them, for they are what no gate removed.
few as (
    select
        *,
        removed between 1 and minimum_size - 1 as is_few,
        sum(case when removed between 1 and minimum_size - 1 then removed else 0 end) over (partition by audience)
        + case when members between 1 and minimum_size - 1 then members else 0 end as hidden,
        row_number() over (
            partition by audience
            order by case when removed >= minimum_size then 0 else 1 end, removed, position
        ) as place
    from counted
),

suppressed as (
    select
        *,
        is_few or (hidden between 1 and minimum_size - 1 and place = 1 and removed >= minimum_size) as is_suppressed
    from few
),

-- What is left after a gate follows from what is left at either end, unless something suppressed lies on the way.
running as (
    select
        *,
        sum(case when is_suppressed then 1 else 0 end) over (
            partition by audience order by position rows between unbounded preceding and current row
        ) as suppressed_so_far,
        sum(case when is_suppressed then 1 else 0 end) over (partition by audience) as suppressed_in_all,
        members + sum(removed) over (partition by audience) - sum(removed) over (
            partition by audience order by position rows between unbounded preceding and current row
        ) as remaining
    from suppressed
),

losses as (
    select
        audience,
        as_of_date,
        gate,
        position,
        name_zh,
        basis,
        is_suppressed,
        candidates,
        case when not is_suppressed then removed end as removed,
        cast(
            case
                when suppressed_so_far = suppressed_in_all and members_told is not null then remaining
                when suppressed_so_far = 0 and candidates is not null then remaining
            end as bigint
        ) as remaining
    from running
)

select * from losses
