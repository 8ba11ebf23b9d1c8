-- Whether the code and the Chinese name of each tag are formed by the rules of the project and belong to one tag.

{{ config(materialized='view') }}

with

tags as (
    select
        *,
        model_name || '.' || tag_code as subject,
        -- A derived tag has its owner before two underscores; the rest of its code is formed as any other.
        coalesce(replace(tag_code, owner_namespace || '__', ''), tag_code) as short_code,
        coalesce(owner_namespace, '') as name_space
    from {{ ref('tag_dictionary') }}
),

-- How many tags bear one code, and how many tags of one owner one Chinese name.
bearers as (
    select
        *,
        count(*) over (partition by tag_code) as tags_of_code,
        min(subject) over (partition by tag_code) as first_of_code,
        max(subject) over (partition by tag_code) as last_of_code,
        count(*) over (partition by name_zh, name_space) as tags_of_name,
        min(subject) over (partition by name_zh, name_space) as first_of_name,
        max(subject) over (partition by name_zh, name_space) as last_of_name
    from tags
),

check_names as (
    select
        'code_form' as check_name,
        tag_code,
        subject,
        case
            when not {{ matches('short_code', '^[a-z][a-z0-9]*(_[a-z0-9]+)*$') }}
                then 'the code is not made of lower-case words joined by single underscores'
        end as problem,
        'rename the column <subject>_<measure>[_<window>]' as remedy
    from tags

    union all

    select
        'code_owner' as check_name,
        tag_code,
        subject,
        case
            when tag_code not like owner_namespace || '!_!_%' escape '!'
                then 'a derived tag does not start with its owner'
        end as problem,
        'rename the column ' || owner_namespace || '__' || tag_code as remedy
    from tags
    where kind = 'derived'

    union all

    select
        'code_window' as check_name,
        tag_code,
        subject,
        case
            when not {{ matches('tag_code', '_(1|7|30|90|365)d$') }}
                then 'the window at the end of the code is none of the project'
        end as problem,
        'use _1d, _7d, _30d, _90d or _365d' as remedy
    from tags
    where {{ matches('tag_code', '_[0-9]+d$') }}

    union all

    -- A boolean, and only a boolean, is called is_ or has_.
    select
        'code_boolean' as check_name,
        tag_code,
        subject,
        case
            when (data_type = 'boolean') = {{ matches('short_code', '^(is|has)_') }} then null
            when data_type = 'boolean' then 'a boolean is not called is_ or has_'
            when data_type <> 'boolean' then 'is_ or has_ is not a boolean'
        end as problem,
        'rename the column, or change its type' as remedy
    from tags

    union all

    -- The first of the tags that share a code, or a name, is the one that is named.
    select
        'code_unique' as check_name,
        tag_code,
        subject,
        case
            when tags_of_code > 1 and subject = first_of_code
                then 'the code stands ' || cast(tags_of_code as string) || ' times, last in ' || last_of_code
        end as problem,
        'rename one of the columns' as remedy
    from bearers

    union all

    select
        'name_unique' as check_name,
        tag_code,
        subject,
        case
            when name_zh is not null and tags_of_name > 1 and subject = first_of_name
                then 'the Chinese name ' || name_zh || ' is also that of ' || last_of_name
        end as problem,
        'say in the name what tells the two apart' as remedy
    from bearers
)

select * from check_names
