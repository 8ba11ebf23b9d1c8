-- What is missing or wrong in the dictionary entries of the tags. One branch a check, with what to do about it.

{{ config(materialized='view') }}

with

tags as (
    select
        *,
        model_name || '.' || tag_code as subject,
        replace(tag_code, owner_namespace || '__', '') as own_code
    from {{ ref('tag_dictionary') }}
),

bank_tags as (
    select
        *,
        coalesce(own_code, tag_code) as short_code
    from tags
),

serving as (
    select distinct tag_code
    from {{ ref('tag_scenarios') }}
),

missing_fields as (
    select
        tags.subject,
        concat_ws(
            ', ',
            case when tags.definition is null then 'description' end,
            case when tags.name_zh is null then 'name_zh' end,
            case when tags.definition_zh is null then 'definition_zh' end,
            case when tags.kind is null then 'kind' end,
            case when tags.path is null then 'path' end,
            case when tags.timeliness is null then 'timeliness' end,
            case when tags.null_means is null then 'null_means' end,
            case when tags.owner_business is null then 'owner_business' end,
            case when tags.owner_technical is null then 'owner_technical' end,
            case when tags.status is null then 'status' end,
            case when tags.sensitivity is null then 'sensitivity' end,
            case when tags.security_level is null then 'security_level' end,
            case when tags.since is null then 'since' end,
            case when tags.version is null then 'version' end,
            case when tags.usage is null then 'usage' end,
            case when serving.tag_code is null then 'scenarios' end
        ) as missing
    from tags
    left join serving
        on tags.tag_code = serving.tag_code
),

tag_owners as (
    select
        tag_code,
        owner_business as owner_name,
        'business' as owner_type
    from tags

    union all

    select
        tag_code,
        owner_technical as owner_name,
        'technical' as owner_type
    from tags
),

enumerated as (
    select distinct tag_code from {{ ref('tag_values') }}
),

violations as (
    -- An entry says everything that a reader needs.
    select
        'entry_complete' as check_name,
        subject,
        'the dictionary entry does not say: ' || missing as problem,
        'give the field in config.meta.tag of the column, or as default of its model or folder' as remedy
    from missing_fields
    where missing <> ''

    union all

    -- The Chinese definition is Chinese, and says more than the name.
    select
        'definition_chinese' as check_name,
        subject,
        'definition_zh has no Chinese: ' || definition_zh as problem,
        'say in Chinese what is measured, in which window, and what counts' as remedy
    from tags
    where not {{ matches('definition_zh', '[一-龥]') }}

    union all

    select
        'definition_chinese' as check_name,
        subject,
        'definition_zh only repeats the name: ' || definition_zh as problem,
        'say in Chinese what is measured, in which window, and what counts' as remedy
    from tags
    where replace(definition_zh, '。', '') = name_zh

    union all

    -- Fields of a choice have one of its values.
    select
        'entry_choice' as check_name,
        subject,
        'kind is ' || kind as problem,
        'choose fact, rule, model or derived' as remedy
    from tags
    where kind not in ('fact', 'rule', 'model', 'derived')

    union all

    select
        'entry_choice' as check_name,
        subject,
        'timeliness is ' || timeliness as problem,
        'choose static, daily, intraday or realtime' as remedy
    from tags
    where timeliness not in ('static', 'daily', 'intraday', 'realtime')

    union all

    select
        'entry_choice' as check_name,
        subject,
        'status is ' || status as problem,
        'choose draft, certified, deprecated or retired' as remedy
    from tags
    where status not in ('draft', 'certified', 'deprecated', 'retired')

    union all

    select
        'entry_choice' as check_name,
        subject,
        'sensitivity is ' || sensitivity as problem,
        'choose C1, C2 or C3 (JR/T 0171)' as remedy
    from tags
    where sensitivity not in ('C1', 'C2', 'C3')

    union all

    select
        'entry_choice' as check_name,
        subject,
        'security_level is ' || cast(security_level as string) as problem,
        'choose 1 to 5 (JR/T 0197)' as remedy
    from tags
    where security_level not between 1 and 5

    union all

    -- A code is lower-case words joined by single underscores; a derived tag has its owner before two underscores.
    select
        'code_form' as check_name,
        subject,
        'the code is not made of lower-case words joined by single underscores' as problem,
        'rename the column <subject>_<measure>[_<window>]' as remedy
    from bank_tags
    where not {{ matches('short_code', '^[a-z][a-z0-9]*(_[a-z0-9]+)*$') }}

    union all

    select
        'code_owner' as check_name,
        subject,
        'a derived tag does not start with its owner' as problem,
        'rename the column ' || owner_namespace || '__' || tag_code as remedy
    from tags
    where kind = 'derived' and tag_code not like owner_namespace || '!_!_%' escape '!'

    union all

    select
        'code_window' as check_name,
        subject,
        'the window at the end of the code is none of the project' as problem,
        'use _1d, _7d, _30d, _90d or _365d' as remedy
    from tags
    where {{ matches('tag_code', '_[0-9]+d$') }} and not {{ matches('tag_code', '_(1|7|30|90|365)d$') }}

    union all

    -- A boolean, and only a boolean, is called is_ or has_.
    select
        'code_boolean' as check_name,
        subject,
        case
            when data_type = 'boolean' then 'a boolean is not called is_ or has_'
            else 'is_ or has_ is not a boolean'
        end as problem,
        'rename the column, or change its type' as remedy
    from bank_tags
    where (data_type = 'boolean') <> {{ matches('short_code', '^(is|has)_') }}

    union all

    -- A code belongs to one tag, and so does a Chinese name among the tags of one owner.
    select
        'code_unique' as check_name,
        min(subject) as subject,
        'the code stands ' || cast(count(*) as string) || ' times, last in ' || max(subject) as problem,
        'rename one of the columns' as remedy
    from tags
    group by tag_code
    having count(*) > 1

    union all

    select
        'name_unique' as check_name,
        min(subject) as subject,
        'the Chinese name ' || name_zh || ' is also that of ' || max(subject) as problem,
        'say in the name what tells the two apart' as remedy
    from tags
    where name_zh is not null
    group by name_zh, coalesce(owner_namespace, '')
    having count(*) > 1

    union all

    -- A tag stands at a place of the tag tree.
    select
        'path_known' as check_name,
        tags.subject,
        'the path ' || tags.path || ' is no place of the tag tree' as problem,
        'choose a path of seed tag_categories, or add a row to it' as remedy
    from tags
    left join {{ ref('tag_categories') }} as categories
        on tags.path = categories.path
    where tags.path is not null and categories.path is null

    union all

    -- Text lists its values, a number says its unit.
    select
        'values_listed' as check_name,
        tags.subject,
        'a text tag does not list its values' as problem,
        'give values (code: 中文), or values_from (the table.column that lists them)' as remedy
    from tags
    left join enumerated
        on tags.tag_code = enumerated.tag_code
    where tags.data_type = 'string' and enumerated.tag_code is null and tags.values_from is null

    union all

    select
        'unit_given' as check_name,
        subject,
        'a number has no unit' as problem,
        'give unit: CNY, times, days, ratio, ...' as remedy
    from tags
    where {{ matches('data_type', '^(int|bigint|double|decimal)') }} and unit is null

    union all

    -- Both owners are known and in office.
    select
        'owner_active' as check_name,
        tags.subject,
        case
            when owners.owner is null then 'the owner ' || tag_owners.owner_name || ' is not in seed owners'
            else 'the owner ' || tag_owners.owner_name || ' is no longer active'
        end as problem,
        'name an active owner of seed owners' as remedy
    from tags
    inner join tag_owners
        on tags.tag_code = tag_owners.tag_code
    left join {{ ref('owners') }} as owners
        on tag_owners.owner_name = owners.owner and tag_owners.owner_type = owners.owner_type
    where tag_owners.owner_name is not null and coalesce(owners.is_active, false) = false

    union all

    -- A scenario that a tag serves is described.
    select
        'scenario_known' as check_name,
        tags.subject,
        'the scenario ' || served.scenario || ' is not in seed scenarios' as problem,
        'choose one of seed scenarios, or add a row to it' as remedy
    from tags
    inner join {{ ref('tag_scenarios') }} as served
        on tags.tag_code = served.tag_code
    left join {{ ref('scenarios') }} as scenarios
        on served.scenario = scenarios.scenario
    where scenarios.scenario is null
)

select * from violations
