-- Who is in which group that has a portrait, an audience or a group that the documents name: one row a group and
-- member. Active customers only: portraits compare them with the bank's other active customers.

{%- set memberships = [] -%}
{%- for tag in portrait_group_tags() -%}
    {%- do memberships.append("case when " ~ tag ~ " then '" ~ tag ~ "' end") -%}
{%- endfor %}

with

active as (
    select *
    from {{ ref('customer_tags') }}
    where relationship_status = 'active'
),

-- The groups that the documents name, by their tags.
by_tag as (
    select
        {{ unfold(memberships or ["cast(null as string)"]) }} as portrait_group,
        customer_id
    from active
),

portrait_members as (
    select
        portrait_group,
        customer_id,
        {{ as_of_date() }} as as_of_date
    from by_tag

    union all

    select
        audience_members.audience as portrait_group,
        audience_members.customer_id,
        audience_members.as_of_date
    from {{ ref('audience_members') }} as audience_members
    inner join active
        on audience_members.customer_id = active.customer_id
)

select * from portrait_members
