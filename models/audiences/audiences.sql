-- The catalogue of audiences (客群目录): what each is for, whom it means, how many the predicate finds and how many are
-- left when the gates of its purpose are through. One row an audience.
--
-- Some, but fewer than the least group, are suppressed, and so is the number from which they would follow.

{% set fields = [
    'audience', 'name_zh', 'purpose', 'owner', 'product', 'scenario', 'priority', 'predicate', 'description', 'channels',
    'including', 'excluding', 'definition',
] %}
{% set rows = [] %}
{% set entries = audience_entries() %}
{% for entry in entries %}
    {% do rows.append(dict(entry, **{
        'channels': entry.channels | join(','),
        'including': entry.including | join(','),
        'excluding': entry.excluding | join(','),
        'definition': definition_of(entry, entries),
    })) %}
{% endfor %}

with

defined as (
    select * from {{ rows_from(rows, fields) }} as entries
),

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
        count(*) as removed
    from {{ ref('audience_removals') }}
    group by audience
),

-- The tags that the condition and its floors name, and how sensitive the most sensitive is of all that a member may be
-- told by. Whom an excluded audience tells of is left out: its tags do not count.
tags as (
    select
        audience,
        {{ dbt.listagg("case when way = 'named' then tag_code end", "','", 'order by tag_code') }} as tags,
        max(case when way <> 'barred' then sensitivity end) as sensitivity,
        max(case when way <> 'barred' then security_level end) as security_level
    from {{ ref('audience_tags') }}
    group by audience
),

counts as (
    select
        defined.audience,
        coalesce(members.members, 0) + coalesce(removed.removed, 0) as candidates,
        coalesce(removed.removed, 0) as removed,
        coalesce(members.members, 0) as members,
        {{ minimum_group_size() }} as least_group
    from defined
    left join members on defined.audience = members.audience
    left join removed on defined.audience = removed.audience
),

told as (
    select
        audience,
        case
            when candidates between 1 and least_group - 1 or removed between 1 and least_group - 1 then null
            else candidates
        end as candidates,
        case
            when removed between 1 and least_group - 1 or members between 1 and least_group - 1 then null
            else removed
        end as removed,
        case when members between 1 and least_group - 1 then null else members end as members
    from counts
),

audiences as (
    select
        defined.audience,
        {{ as_of_date() }} as as_of_date,
        defined.name_zh,
        defined.description,
        defined.purpose,
        purposes.name_zh as purpose_zh,
        purposes.basis,
        defined.owner,
        defined.product as product_id,
        defined.channels,
        defined.scenario,
        scenarios.offer_zh,
        scenarios.goal_zh,
        cast(defined.priority as int) as priority,
        defined.predicate,
        defined.including,
        defined.excluding,
        {{ sha256_hex('defined.definition') }} as predicate_hash,
        tags.tags,
        tags.sensitivity,
        tags.security_level,
        purposes.minimum_size,
        told.candidates,
        told.removed,
        told.members
    from defined
    inner join told on defined.audience = told.audience
    left join {{ ref('audience_purposes') }} as purposes on defined.purpose = purposes.purpose
    left join {{ ref('scenarios') }} as scenarios on defined.scenario = scenarios.scenario
    left join tags on defined.audience = tags.audience
)

select * from audiences
