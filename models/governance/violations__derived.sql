-- What users' derived tags may not do: read anything but tags, read drafts of other rules, change by themselves.

{%- set code = derived_tag_code() %}

{{ config(materialized='view') }}

with

dictionary as (
    select
        *,
        model_name || '.' || tag_code as subject
    from {{ ref('tag_dictionary') }}
),

columns_read as (
    select distinct
        model_name,
        tag_code,
        file_path || ' line ' || line_number as place
    from {{ rows_from(code.columns, ['model_name', 'file_path', 'line_number', 'tag_code']) }} as listed
),

-- The tags that begin as the unknown one does are what its author may have meant.
nearest as (
    select
        columns_read.tag_code,
        {{ dbt.listagg('dictionary.tag_code', "', '", 'order by dictionary.tag_code') }} as candidates
    from (select distinct tag_code from columns_read) as columns_read
    inner join dictionary
        on left(columns_read.tag_code, 4) = left(dictionary.tag_code, 4)
    group by columns_read.tag_code
),

violations as (
    select
        'derived_reads_tags' as check_name,
        model_name as subject,
        'it reads ' || upstream as problem,
        'read standard_tags, derived_tags__ models or seeds; ask for a base tag where one is missing' as remedy
    from {{ rows_from(code.reads, ['model_name', 'upstream', 'resource_type']) }} as listed
    where
        resource_type <> 'seed'
        and upstream <> 'standard_tags'
        and upstream not like 'derived!_tags!_!_%' escape '!'

    union all

    select
        'derived_tag_known' as check_name,
        columns_read.model_name as subject,
        columns_read.place || ': tags.' || columns_read.tag_code || ' is no tag' as problem,
        'search the catalogue; beginning alike: ' || coalesce(nearest.candidates, 'none') as remedy
    from columns_read
    left join dictionary
        on columns_read.tag_code = dictionary.tag_code
    left join nearest
        on columns_read.tag_code = nearest.tag_code
    where dictionary.tag_code is null

    union all

    select
        'derived_deterministic' as check_name,
        model_name as subject,
        file_path || ' line ' || line_number || ': ' || called || ' gives another value each time' as problem,
        'use as_of_date(), and nothing random: the same date must give the same tag' as remedy
    from {{ rows_from(code.calls, ['model_name', 'file_path', 'line_number', 'called']) }} as listed

    union all

    select
        'derived_reads_certified' as check_name,
        dictionary.subject,
        'it is made of ' || inputs.input_name || ', which is ' || given.status as problem,
        'have that tag certified first, or derive from base (fact) tags' as remedy
    from dictionary
    inner join {{ ref('tag_rule_inputs') }} as inputs
        on dictionary.tag_code = inputs.tag_code and inputs.input_kind = 'tag'
    inner join dictionary as given
        on inputs.input_name = given.tag_code
    where dictionary.kind = 'derived' and given.kind <> 'fact' and given.status <> 'certified'
)

select * from violations
