-- The tags that the predicate of each audience names: who must be asked before a tag changes or retires.

-- depends_on: {{ ref('audience_members') }}

with

named as (
    select
        audience,
        tag_code
    from {{ rows_from(tags_of_audiences(), ['audience', 'tag_code']) }} as entries
),

audience_tags as (
    select
        named.audience,
        named.tag_code,
        entries.name_zh,
        entries.status,
        entries.sensitivity,
        entries.security_level,
        entries.version
    from named
    inner join {{ ref('tag_dictionary') }} as entries on named.tag_code = entries.tag_code
)

select * from audience_tags
