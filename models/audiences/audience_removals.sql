-- Whom a gate kept out of an audience although its condition finds them, and which gate: for compliance to see that the
-- gates work, and for the reason when somebody leaves. Never a list to contact; only models about audiences may read
-- it.

with

settled as (
    {{ settled(ref('audience_screening'), ref('audience_members')) }}
),

removals as (
    select
        audience,
        customer_id,
        as_of_date,
        removed_at_last as removed_by
    from settled
    where removed_at_last is not null
)

select * from removals
