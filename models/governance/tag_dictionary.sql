-- The tag dictionary (标签字典): one row a tag, from the YAML of the tag models as the project graph has it.

with

entries as (
    select *
    from {{ rows_from(tag_entries(), [
        'tag_code', 'model_name', 'data_type', 'name_zh', 'definition', 'definition_zh', 'kind', 'path', 'dimension', 'timeliness',
        'unit', 'values_from', 'null_means', 'owner_business', 'owner_technical', 'status', 'successor', 'sensitivity',
        'security_level', 'since', 'version', 'usage',
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

-- A derived tag belongs to whom its model is named for.
tag_dictionary as (
    select
        entries.tag_code,
        model_name,
        data_type,
        name_zh,
        definition,
        definition_zh,
        kind,
        case when kind = 'derived' then replace(model_name, 'derived_tags__', '') end as owner_namespace,
        path,
        dimension,
        timeliness,
        unit,
        values_from,
        null_means,
        owner_business,
        owner_technical,
        status,
        coalesce(on_date.status_on_date, 'draft') as status_on_date,
        successor,
        sensitivity,
        cast(security_level as int) as security_level,
        since,
        version,
        usage
    from entries
    left join on_date
        on entries.tag_code = on_date.tag_code
)

select * from tag_dictionary
