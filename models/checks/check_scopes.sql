-- What there is to look at, one row a scope and subject: told from the dictionary and the seeds, not from the checks.

{{ config(materialized='view') }}

with

tags as (
    select
        *,
        model_name || '.' || tag_code as subject
    from {{ ref('tag_dictionary') }}
),

-- Which tags a check may be about.
tag_scopes as (
    select
        'every tag' as scope,
        tag_code,
        subject
    from tags

    union all

    select
        case
            when data_type = 'string' then 'text tags'
            when data_type not in ('boolean', 'date', 'timestamp') then 'number tags'
        end as scope,
        tag_code,
        subject
    from tags

    union all

    select
        kind || ' tags' as scope,
        tag_code,
        subject
    from tags

    union all

    select
        status || ' tags' as scope,
        tag_code,
        subject
    from tags

    union all

    select
        'tags of a window' as scope,
        tag_code,
        subject
    from tags
    where {{ matches('tag_code', '_[0-9]+d$') }}

    union all

    select distinct
        case inputs.input_kind when 'source' then 'tags of sources' when 'tag' then 'tags of tags' end as scope,
        tags.tag_code,
        tags.subject
    from tags
    inner join {{ ref('tag_rule_inputs') }} as inputs
        on tags.tag_code = inputs.tag_code

    union all

    select distinct
        'tags of listed values' as scope,
        tags.tag_code,
        tags.subject
    from tags
    inner join {{ ref('tag_values') }} as tag_values
        on tags.tag_code = tag_values.tag_code

    union all

    select distinct
        'tags with a record' as scope,
        history.tag_code,
        coalesce(tags.subject, history.tag_code) as subject
    from {{ ref('tag_lifecycle') }} as history
    left join tags
        on history.tag_code = tags.tag_code
),

-- What else a check may be about.
other_scopes as (
    select distinct
        'models of tags' as scope,
        model_name as subject
    from tags

    union all

    select
        'source columns' as scope,
        relation_name || '.' || column_name as subject
    from {{ ref('warehouse_columns') }}
    where resource_type = 'source'

    union all

    select distinct
        'places of the tree' as scope,
        'tag_categories: ' || path as subject
    from {{ ref('tag_categories') }}

    union all

    select
        'terms of the glossary' as scope,
        'glossary: ' || term as subject
    from {{ ref('glossary') }}

    union all

    select
        case when visibility = 'public' then 'public albums' else 'private albums' end as scope,
        'album ' || album as subject
    from {{ ref('albums') }}

    union all

    select
        'albums' as scope,
        'album ' || album as subject
    from {{ ref('albums') }}

    union all

    select
        'class approvals' as scope,
        'class_approvals: ' || tag_code || ', ' || input_tag as subject
    from {{ ref('class_approvals') }}
),

check_scopes as (
    select * from tag_scopes
    where scope is not null

    union all

    select
        scope,
        cast(null as string) as tag_code,
        subject
    from other_scopes
)

select * from check_scopes
