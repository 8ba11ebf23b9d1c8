-- Whether a tag is as sensitive as what it is made of: the source columns that it reads itself, and the tags.

{{ config(materialized='view') }}

with

dictionary as (
    select
        *,
        model_name || '.' || tag_code as subject
    from {{ ref('tag_dictionary') }}
),

inputs as (
    select * from {{ ref('tag_rule_inputs') }}
),

source_columns as (
    select
        relation_name || '.' || column_name as source_column,
        sensitivity,
        security_level
    from {{ ref('warehouse_columns') }}
    where resource_type = 'source'
),

approvals as (
    select
        *,
        'class_approvals: ' || tag_code || ', ' || input_tag as subject
    from {{ ref('class_approvals') }}
),

-- Source columns that a tag reads by way of another tag: it is that tag which answers for them.
through_tags as (
    select distinct
        readers.tag_code,
        sources.input_name
    from inputs as readers
    inner join inputs as sources
        on
            readers.input_name = sources.tag_code
            and sources.input_kind = 'source'
    where readers.input_kind = 'tag'
),

-- Each tag with the source columns that it is made of, and whether it answers for a class or level above its own.
of_sources as (
    select
        dictionary.tag_code,
        dictionary.subject,
        dictionary.sensitivity,
        dictionary.security_level,
        case
            when
                through_tags.tag_code is null
                and (
                    dictionary.sensitivity < source_columns.sensitivity
                    or dictionary.security_level < source_columns.security_level
                )
                then source_columns.source_column
        end as higher_column
    from dictionary
    inner join inputs
        on dictionary.tag_code = inputs.tag_code and inputs.input_kind = 'source'
    inner join source_columns
        on inputs.input_name = source_columns.source_column
    left join through_tags
        on
            inputs.tag_code = through_tags.tag_code
            and inputs.input_name = through_tags.input_name
),

-- Each tag with the tags that it reads. What a tag says may tell what its input says.
of_tags as (
    select
        dictionary.tag_code,
        dictionary.subject,
        given.tag_code as input_tag,
        dictionary.sensitivity,
        dictionary.security_level,
        given.sensitivity as input_sensitivity,
        given.security_level as input_level,
        coalesce(
            dictionary.sensitivity < given.sensitivity or dictionary.security_level < given.security_level, false
        ) as is_lowered
    from dictionary
    inner join inputs
        on dictionary.tag_code = inputs.tag_code and inputs.input_kind = 'tag'
    inner join dictionary as given
        on inputs.input_name = given.tag_code
),

check_classes as (
    -- What comes through another tag is judged by that tag's class.
    select
        'class_of_inputs' as check_name,
        tag_code,
        subject,
        'its class ' || min(sensitivity) || ', level ' || cast(min(security_level) as string)
        || ' is below that of ' || min(higher_column) as problem,
        'raise sensitivity and security_level, or record the approved reason in seed governance_exceptions' as remedy
    from of_sources
    group by tag_code, subject

    union all

    -- What is made of tags is as sensitive as they are, unless somebody else has approved that it tells less.
    select
        'class_of_input_tags' as check_name,
        of_tags.tag_code,
        of_tags.subject,
        case
            when of_tags.is_lowered and approvals.tag_code is null
                then
                    'its class ' || of_tags.sensitivity || ', level ' || cast(of_tags.security_level as string)
                    || ' is below that of ' || of_tags.input_tag || ' (' || of_tags.input_sensitivity || ', level '
                    || cast(of_tags.input_level as string) || '), which it reads'
        end as problem,
        'raise sensitivity and security_level, or have a row of seed class_approvals approved' as remedy
    from of_tags
    left join approvals
        on
            of_tags.tag_code = approvals.tag_code
            and of_tags.input_tag = approvals.input_tag
            and (approvals.valid_to is null or {{ as_of_date() }} < approvals.valid_to)

    union all

    select
        'class_approval_needed' as check_name,
        approvals.tag_code,
        approvals.subject,
        case
            when not coalesce(of_tags.is_lowered, false) then 'the tag reads no such tag of a higher class or level'
        end as problem,
        'delete the row of seed class_approvals' as remedy
    from approvals
    left join of_tags
        on approvals.tag_code = of_tags.tag_code and approvals.input_tag = of_tags.input_tag

    union all

    -- Who answers for a tag does not approve that it is less sensitive than what it is made of.
    select
        'class_approved_by_another' as check_name,
        approvals.tag_code,
        approvals.subject,
        case
            when approvals.approved_by = dictionary.owner_business
                then 'it is approved by ' || approvals.approved_by || ', the owner of the tag'
            when owners.owner is null
                then
                    'it is approved by ' || approvals.approved_by || ', no active business owner in seed owners'
        end as problem,
        'have another department approve it' as remedy
    from approvals
    left join dictionary
        on approvals.tag_code = dictionary.tag_code
    left join {{ ref('owners') }} as owners
        on approvals.approved_by = owners.owner and owners.owner_type = 'business' and owners.is_active
)

select * from check_classes
