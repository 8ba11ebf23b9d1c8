-- Of whom it is not known whether they are in a group that has a portrait: one row a group and active customer whose
-- tag of the group, or condition of the audience, is neither yes nor no. Who may be a member is no comparison
-- (DECISIONS 67).

-- depends_on: {{ ref('audience_members') }}

{%- set unknown_groups = [] -%}
{%- for tag in portrait_group_tags() -%}
    {%- do unknown_groups.append("case when " ~ tag ~ " is null then '" ~ tag ~ "' end") -%}
{%- endfor -%}
{%- for entry in audience_entries() -%}
    {%- set condition = "(\n" ~ entry.predicate ~ "\n)" -%}
    {%- do unknown_groups.append("case when " ~ condition ~ " is null then '" ~ entry.audience ~ "' end") -%}
{%- endfor %}

with

active as (
    select *
    from {{ ref('customer_tags') }}
    where relationship_status = 'active'
),

not_known as (
    select
        {{ unfold(unknown_groups or ["cast(null as string)"]) }} as portrait_group,
        customer_id
    from active
),

-- A member by other means, as of an audience that has been frozen, is known to be one.
portrait_unknown as (
    select
        not_known.portrait_group,
        not_known.customer_id,
        {{ as_of_date() }} as as_of_date
    from not_known
    left join {{ ref('portrait_members') }} as members
        on
            not_known.portrait_group = members.portrait_group
            and not_known.customer_id = members.customer_id
    where members.customer_id is null
)

select * from portrait_unknown
