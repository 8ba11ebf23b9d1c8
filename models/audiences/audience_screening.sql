-- What becomes of everybody whom the condition of an audience finds (圈选结果): one row an audience and customer, with
-- the first gate that removes them, null for a member, and the channel that reaches a member.
--
-- The one place where audiences are judged: members, removals and counts read it, and `banktags audience estimate`
-- renders its text to count an audience before it is saved. Members who are not reached stay members without channel
-- or address, with the reason, because campaigns are measured against them.

{% set rounds = rounds_of_sets() %}

with

-- The audiences that an audience is limited to, and those whose members it leaves out.
sets as (
    select
        audience,
        said as named_audience,
        1 as is_included
    from {{ rows_from(rows_of_audiences('including'), ['audience', 'said']) }} as listed
    union all
    select
        audience,
        said as named_audience,
        0 as is_included
    from {{ rows_from(rows_of_audiences('excluding'), ['audience', 'said']) }} as listed
),

limits as (
    select
        audience,
        sum(is_included) as included_audiences
    from sets
    group by audience
),

judged as (
    select
        gated.*,
        coalesce(limits.included_audiences, 0) as included_audiences
    from {{ ref('audience_candidate_gates') }} as gated
    left join limits on gated.audience = limits.audience
),

{% for round in range(rounds + 1) %}
{% if round %}
-- Of each audience that names others, who is a member of these: those that name none are right after the first round,
-- those that name these after the next.
named_{{ round }} as (
    select
        sets.audience,
        members.customer_id,
        sum(sets.is_included) as included_in,
        min(sets.is_included) = 0 as is_excluded
    from sets
    inner join settled_{{ round - 1 }} as members
        on
            sets.named_audience = members.audience
            and members.removed_at_last is null
    group by sets.audience, members.customer_id
),
{% else %}
-- Before the first round nobody is a member of another audience.
named_{{ round }} as (
    select
        cast(null as string) as audience,
        cast(null as string) as customer_id,
        0 as included_in,
        false as is_excluded
    from sets
    where 1 = 0
),
{% endif %}

-- Who is not in every audience that it is limited to is no candidate; a group that is too small is removed as a whole.
settled_{{ round }} as (
    select
        judged.*,
        case
            when named.is_excluded then 'excluded'
            when judged.removed_by is not null then judged.removed_by
            when
                sum(case when named.is_excluded or judged.removed_by is not null then 0 else 1 end)
                    over (partition by judged.audience)
                < judged.minimum_size
                then 'too_few'
        end as removed_at_last
    from judged
    left join named_{{ round }} as named
        on
            judged.audience = named.audience
            and judged.customer_id = named.customer_id
    where coalesce(named.included_in, 0) = judged.included_audiences
),
{% endfor %}

-- Behind one address the first is reached, so that each list has an address once.
addressed as (
    select
        settled.*,
        row_number() over (
            partition by
                settled.audience, settled.address_token, settled.removed_at_last is null and settled.blocked_by is null
            order by settled.address_order, settled.customer_id
        ) as place
    from settled_{{ rounds }} as settled
),

reached as (
    select
        addressed.*,
        case
            when addressed.removed_at_last is not null or addressed.channel is null then null
            when addressed.blocked_by is not null then addressed.blocked_by
            when addressed.place > 1 then 'shared_address'
        end as unreached_because
    from addressed
),

audience_screening as (
    select
        audience,
        purpose,
        customer_id,
        as_of_date,
        case when removed_at_last is null and unreached_because is null then channel end as channel,
        case when removed_at_last is null and unreached_because is null then address_token end as address_token,
        product_id,
        unreached_because,
        removed_at_last as removed_by
    from reached
)

select * from audience_screening
