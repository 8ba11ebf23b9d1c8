-- How many each gate removed from each audience, in the order in which the gates judge, and how many were left after
-- it: one row an audience and gate, and the losses of all gates are the difference between whom the predicate finds
-- and the members.

with

removed as (
    select
        audience,
        removed_by as gate,
        count(*) as removed
    from {{ ref('audience_removals') }}
    group by audience, removed_by
),

losses as (
    select
        audiences.audience,
        audiences.as_of_date,
        gates.gate,
        gates.position,
        gates.name_zh,
        gates.basis,
        audiences.candidates,
        coalesce(removed.removed, 0) as removed,
        cast(
            audiences.candidates - sum(coalesce(removed.removed, 0)) over (
                partition by audiences.audience
                order by gates.position
                rows between unbounded preceding and current row
            ) as bigint
        ) as remaining
    from {{ ref('audiences') }} as audiences
    inner join {{ ref('audience_gates') }} as gates on gates.removes_member
    left join removed
        on
            audiences.audience = removed.audience
            and gates.gate = removed.gate
)

select * from losses
