-- Whom a gate kept out of an audience although its predicate finds him, and which gate: for compliance to see that the
-- gates work, and for the reason when somebody leaves. Never a list to contact; only models about audiences may read
-- it.
--
-- The predicates are those of the audiences' own models (their meta); each is one scan of the wide table.

-- depends_on: {{ ref('audience_members') }}
{% set relations = audience_relations() %}
{% for entry in audience_entries() %}{% do relations.update({entry.audience: entry.relation}) %}{% endfor %}

with

removals as (
    {% for entry in audience_entries() -%}
    select
        '{{ entry.audience }}' as audience,
        customer_id,
        as_of_date,
        removed_by
    from (
        {{ audience_query(entry, relations) }}
    ) as screened
    where removed_by is not null
    {{ 'union all' if not loop.last }}
    {% else -%}
    select
        cast(null as string) as audience,
        cast(null as string) as customer_id,
        {{ as_of_date() }} as as_of_date,
        cast(null as string) as removed_by
    where 1 = 0
    {%- endfor %}
)

select * from removals
