-- Where what a tag is made of breaks a rule of the tag system.

{%- set checksums = [] -%}
{%- for model_name in tag_entries() | map(attribute='model_name') | unique -%}
    {%- do checksums.append({'model_name': model_name, 'code_checksum': code_checksum(model_name)}) -%}
{%- endfor %}

{{ config(materialized='view') }}

with

dictionary as (
    select
        *,
        model_name || '.' || tag_code as subject
    from {{ ref('tag_dictionary') }}
),

rules as (
    select * from {{ ref('tag_rules') }}
),

inputs as (
    select * from {{ ref('tag_rule_inputs') }}
),

source_columns as (
    select
        relation_name || '.' || column_name as source_column,
        relation_name,
        column_name,
        sensitivity,
        security_level
    from {{ ref('warehouse_columns') }}
    where resource_type = 'source'
),

-- Source columns that some tag is made of.
used as (
    select distinct input_name
    from inputs
    where input_kind = 'source'
),

violations as (
    -- The recorded rule is that of today's code.
    select
        'rule_recorded' as check_name,
        coalesce(dictionary.subject, rules.model_name || '.' || rules.tag_code) as subject,
        case
            when rules.tag_code is null then 'the rule of the tag is not recorded'
            else 'a rule is recorded for a tag that is not there'
        end as problem,
        'run banktags catalogue sync, and review what it changes' as remedy
    from dictionary
    full join rules
        on dictionary.tag_code = rules.tag_code
    where dictionary.tag_code is null or rules.tag_code is null

    union all

    select distinct
        'rule_current' as check_name,
        rules.model_name as subject,
        'its SQL, or that of a model upstream, has changed since its rules were recorded' as problem,
        'run banktags catalogue sync, and review what it changes' as remedy
    from rules
    inner join {{ rows_from(checksums, ['model_name', 'code_checksum']) }} as today
        on rules.model_name = today.model_name
    where rules.code_checksum <> today.code_checksum

    union all

    -- One definition, one tag.
    select
        'definition_unique' as check_name,
        min(dictionary.subject) as subject,
        'it has the same definition as ' || max(dictionary.subject) as problem,
        'keep one of the tags and deprecate the other, or record why both stay in seed governance_exceptions' as remedy
    from rules
    inner join dictionary
        on rules.tag_code = dictionary.tag_code
    group by rules.rule_hash
    having count(*) > 1

    union all

    -- A base tag measures: it stands on sources and dictionaries, never on another tag.
    select
        'base_reads_no_tag' as check_name,
        dictionary.subject,
        'a fact tag reads the tag ' || inputs.input_name as problem,
        'measure it from intermediate models, or make it a rule tag' as remedy
    from dictionary
    inner join inputs
        on dictionary.tag_code = inputs.tag_code
    where dictionary.kind = 'fact' and inputs.input_kind = 'tag'

    union all

    -- The base tags cover the sources: a column is measured by a tag, or it is written down why it is not.
    select
        'source_covered' as check_name,
        source_columns.source_column as subject,
        'no tag is made of this source column' as problem,
        'measure it by a fact tag, or add it to seed untagged_source_columns with the reason' as remedy
    from source_columns
    left join used
        on source_columns.source_column = used.input_name
    left join {{ ref('untagged_source_columns') }} as untagged
        on
            untagged.source_column in (
                source_columns.source_column, '*.' || source_columns.column_name, source_columns.relation_name || '.*'
            )
    where used.input_name is null and untagged.source_column is null

    union all

    -- What is made of data is as sensitive as the data.
    select
        'class_of_inputs' as check_name,
        dictionary.subject,
        'its class ' || min(dictionary.sensitivity) || ', level ' || cast(min(dictionary.security_level) as string)
        || ' is below that of ' || min(source_columns.source_column) as problem,
        'raise sensitivity and security_level, or record the approved reason in seed governance_exceptions' as remedy
    from dictionary
    inner join inputs
        on dictionary.tag_code = inputs.tag_code and inputs.input_kind = 'source'
    inner join source_columns
        on inputs.input_name = source_columns.source_column
    where
        dictionary.sensitivity < source_columns.sensitivity
        or dictionary.security_level < source_columns.security_level
    group by dictionary.subject
)

select * from violations
