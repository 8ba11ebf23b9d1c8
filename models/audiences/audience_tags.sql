-- The tags that each audience is made of: who must be asked before a tag changes or retires. An audience is made of the
-- tags that its own condition and floors name, and of those of the audiences that it includes and excludes, however far
-- behind one another; what was parsed says which they are (seed parsed_conditions).

with

lineage as (
    select
        audience,
        read_audience,
        way
    from {{ rows_from(lineage_of_audiences(), ['audience', 'read_audience', 'way']) }} as entries
),

-- A tag may be known in several ways: the one that tells most counts.
known as (
    select
        lineage.audience,
        parsed.tag_code,
        min(case lineage.way when 'named' then 1 when 'told' then 2 else 3 end) as way_order
    from lineage
    inner join {{ ref('parsed_conditions') }} as parsed on 'audience__' || lineage.read_audience = parsed.model_name
    where parsed.tag_code is not null
    group by lineage.audience, parsed.tag_code
),

audience_tags as (
    select
        known.audience,
        known.tag_code,
        case known.way_order when 1 then 'named' when 2 then 'told' else 'barred' end as way,
        entries.name_zh,
        entries.status,
        entries.sensitivity,
        entries.security_level,
        entries.version
    from known
    inner join {{ ref('tag_dictionary') }} as entries on known.tag_code = entries.tag_code
)

select * from audience_tags
