-- The tag dictionary (标签字典): one row a tag, from the YAML of the tag models as the project graph has it. An entry whose
-- unit is the base currency is an amount in it, and is shown with its code.

with

entries as (
    select *
    from {{ rows_from(tag_entries(), [
        'tag_code', 'model_name', 'data_type', 'name_zh', 'definition', 'definition_zh', 'kind', 'path', 'dimension', 'timeliness',
        'unit', 'values_from', 'null_means', 'owner_business', 'owner_technical', 'status', 'successor', 'sensitivity',
        'security_level', 'since', 'version', 'usage', 'lasting',
    ]) }} as listed
),

-- Where each tag stood in its life on the business date. What has no step by then was no more than a draft.
on_date as (
    select
        tag_code,
        status as status_on_date
    from {{ ref('tag_lifecycle') }}
    where is_current_on_date
),

-- The currency that amounts are shown in.
amounts as (
    select
        currency,
        unit_zh
    from {{ ref('base_currency') }}
),

-- A derived tag belongs to whom its model is named for.
tag_dictionary as (
    select
        entries.tag_code,
        entries.model_name,
        entries.data_type,
        entries.name_zh,
        entries.definition,
        case
            when entries.unit = 'base currency'
                then replace(
                    replace(entries.definition_zh, '单位：本位币元', '单位：元'), '单位：元', '单位：' || amounts.unit_zh
                )
            else entries.definition_zh
        end as definition_zh,
        entries.kind,
        case
            when entries.kind = 'derived' then replace(entries.model_name, 'derived_tags__', '')
        end as owner_namespace,
        entries.path,
        entries.dimension,
        entries.timeliness,
        case when entries.unit = 'base currency' then amounts.currency else entries.unit end as unit,
        entries.values_from,
        entries.null_means,
        entries.owner_business,
        entries.owner_technical,
        entries.status,
        coalesce(on_date.status_on_date, 'draft') as status_on_date,
        entries.successor,
        entries.sensitivity,
        cast(entries.security_level as int) as security_level,
        entries.since,
        entries.version,
        entries.usage,
        coalesce(lower(entries.lasting) = 'true', false) as is_lasting
    from entries
    left join on_date
        on entries.tag_code = on_date.tag_code
    cross join amounts
)

select * from tag_dictionary
