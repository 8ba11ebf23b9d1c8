-- Who is in which group that has a portrait: one row a group and member. Active customers only: portraits compare them
-- with the bank's other active customers.

{%- set memberships = [] -%}
{%- for tag in portrait_group_tags() -%}
    {%- do memberships.append("case when " ~ tag ~ " then '" ~ tag ~ "' end") -%}
{%- endfor %}

with

-- The groups that the documents name, by their tags.
by_tag as (
    select
        {{ unfold(memberships or ["cast(null as string)"]) }} as portrait_group,
        customer_id
    from {{ ref('customer_tags') }}
    where relationship_status = 'active'
),

portrait_members as (
    select
        portrait_group,
        customer_id,
        {{ as_of_date() }} as as_of_date
    from by_tag
)

select * from portrait_members
