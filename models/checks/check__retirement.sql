-- Whether a deprecated tag names the tag to use in its place, and nobody reads a retired one any more.

{{ config(materialized='view') }}

with

dictionary as (
    select
        *,
        model_name || '.' || tag_code as subject
    from {{ ref('tag_dictionary') }}
),

retired as (
    select
        history.tag_code,
        coalesce(dictionary.subject, history.tag_code) as subject
    from {{ ref('tag_lifecycle') }} as history
    left join dictionary
        on history.tag_code = dictionary.tag_code
    where history.is_current and history.to_state = 'retired'
),

-- Who reads a tag: other tags, albums, audiences.
readers as (
    select
        input_name as tag_code,
        'the tag ' || tag_code as reader
    from {{ ref('tag_rule_inputs') }}
    where input_kind = 'tag'

    union all

    select
        tag_code,
        'the album ' || album as reader
    from {{ ref('album_items') }}

    union all

    select
        tag_code,
        'the audience ' || replace(model_name, 'audience__', '') as reader
    from {{ ref('parsed_conditions') }}
    where model_name like 'audience!_!_%' escape '!'
),

check_retirement as (
    select
        'deprecated_successor' as check_name,
        dictionary.tag_code,
        dictionary.subject,
        case
            when successors.tag_code is not null then null
            when dictionary.successor is null then 'it is deprecated and names no successor'
            else 'its successor ' || dictionary.successor || ' is no tag in use'
        end as problem,
        'name in the entry the tag to use in its place' as remedy
    from dictionary
    left join dictionary as successors
        on dictionary.successor = successors.tag_code and successors.status in ('draft', 'certified')
    where dictionary.status = 'deprecated'

    union all

    select
        'retired_unread' as check_name,
        retired.tag_code,
        retired.subject,
        case
            when count(readers.reader) > 0
                then
                    'it is retired, but read by '
                    || {{ dbt.listagg('readers.reader', "', '", 'order by readers.reader') }}
        end as problem,
        'let the readers use its successor first' as remedy
    from retired
    left join readers
        on retired.tag_code = readers.tag_code
    group by retired.tag_code, retired.subject
)

select * from check_retirement
