-- Whether the dictionary entry of each tag says everything that a reader needs, in words that the catalogue knows.

{{ config(materialized='view') }}

with

tags as (
    select
        *,
        model_name || '.' || tag_code as subject
    from {{ ref('tag_dictionary') }}
),

serving as (
    select distinct tag_code
    from {{ ref('tag_scenarios') }}
),

-- The names of the fields that an entry leaves out.
missing_fields as (
    select
        tags.tag_code,
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

-- Fields of a choice, with what the entry says.
choices as (
    select
        tag_code,
        subject,
        'kind is ' || kind as said,
        kind in ('fact', 'rule', 'model', 'derived') as is_one_of_them,
        'choose fact, rule, model or derived' as remedy
    from tags

    union all

    select
        tag_code,
        subject,
        'timeliness is ' || timeliness as said,
        timeliness in ('static', 'daily', 'intraday', 'realtime') as is_one_of_them,
        'choose static, daily, intraday or realtime' as remedy
    from tags

    union all

    select
        tag_code,
        subject,
        'status is ' || status as said,
        status in ('draft', 'certified', 'deprecated', 'retired') as is_one_of_them,
        'choose draft, certified, deprecated or retired' as remedy
    from tags

    union all

    select
        tag_code,
        subject,
        'sensitivity is ' || sensitivity as said,
        sensitivity in ('C1', 'C2', 'C3') as is_one_of_them,
        'choose C1, C2 or C3 (JR/T 0171)' as remedy
    from tags

    union all

    select
        tag_code,
        subject,
        'security_level is ' || cast(security_level as string) as said,
        security_level between 1 and 5 as is_one_of_them,
        'choose 1 to 5 (JR/T 0197)' as remedy
    from tags
),

check_entries as (
    select
        'entry_complete' as check_name,
        tag_code,
        subject,
        'the dictionary entry does not say: ' || nullif(missing, '') as problem,
        'give the field in config.meta.tag of the column, or as default of its model or folder' as remedy
    from missing_fields

    union all

    -- The Chinese definition is Chinese, and says more than the name.
    select
        'definition_chinese' as check_name,
        tag_code,
        subject,
        case
            when not {{ matches('definition_zh', '[一-龥]') }}
                then 'definition_zh has no Chinese: ' || definition_zh
            when replace(definition_zh, '。', '') = name_zh
                then 'definition_zh only repeats the name: ' || definition_zh
        end as problem,
        'say in Chinese what is measured, in which window, and what counts' as remedy
    from tags

    union all

    select
        'entry_choice' as check_name,
        tag_code,
        subject,
        case when not is_one_of_them then said end as problem,
        remedy
    from choices
)

select * from check_entries
