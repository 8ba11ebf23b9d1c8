-- Who is in which audience on the business date: every audience of the project, one row an audience and member,
-- with whom its channel reaches.
--
-- Whom audience_screening leaves, less the members of excluded audiences and groups that are too small. Who is held
-- out, a control of a running campaign or behind an address at which another member is reached stays a member, because
-- campaigns are measured against them, and has no channel.

with

-- Members of the audiences that others name: first of those that name none themselves, then of those that name these.
known_0 as (
    {{ nobody() }}
),

{% for round in range(1, rounds_of_sets() + 1) %}
    known_{{ round }} as (
        select
            audience,
            customer_id
        from (
            {{ settled(ref('audience_screening'), 'known_' ~ (round - 1)) }}
        ) as settled
        where removed_at_last is null
    ),
{% endfor %}

members as (
    select *
    from (
        {{ settled(ref('audience_screening'), 'known_' ~ rounds_of_sets()) }}
    ) as settled
    where removed_at_last is null
),

-- Behind one address the first whom no gate keeps from it is reached, so that each list has an address once.
addressed as (
    select
        members.*,
        row_number() over (
            partition by members.audience, members.address_token, members.blocked_by is null
            order by members.address_order, members.customer_id
        ) as place
    from members
),

reached as (
    select
        addressed.*,
        case
            when addressed.channel is null then null
            when addressed.blocked_by is not null then addressed.blocked_by
            when addressed.place > 1 then 'shared_address'
        end as unreached_because
    from addressed
),

audience_members as (
    select
        reached.audience,
        reached.purpose,
        reached.customer_id,
        reached.as_of_date,
        case when reached.unreached_because is null then reached.channel end as channel,
        case when reached.unreached_because is null then reached.address_token end as address_token,
        reached.product_id,
        held_out.customer_id is not null as is_held_out,
        controls.customer_id is not null as is_control,
        reached.unreached_because
    from reached
    left join {{ ref('audience_holdout') }} as held_out on reached.customer_id = held_out.customer_id
    left join {{ ref('int_campaign__controls') }} as controls on reached.customer_id = controls.customer_id
)

select * from audience_members
