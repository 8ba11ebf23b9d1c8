-- Where what a tag is made of breaks a rule of the tag system.

{%- set checksums = [] -%}
{%- for model_name, checksum in code_checksums(tag_entries() | map(attribute='model_name') | unique | list).items() -%}
    {%- do checksums.append({'model_name': model_name, 'code_checksum': checksum}) -%}
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

-- Tags and the tags that they read of a higher class or level. What a tag says may tell what its input says.
lowered as (
    select
        dictionary.tag_code,
        dictionary.subject,
        given.tag_code as input_tag,
        dictionary.sensitivity,
        dictionary.security_level,
        given.sensitivity as input_sensitivity,
        given.security_level as input_level
    from dictionary
    inner join inputs
        on dictionary.tag_code = inputs.tag_code and inputs.input_kind = 'tag'
    inner join dictionary as given
        on inputs.input_name = given.tag_code
    where dictionary.sensitivity < given.sensitivity or dictionary.security_level < given.security_level
),

approvals as (
    select * from {{ ref('class_approvals') }}
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

-- Source columns that some tag is made of.
used as (
    select distinct input_name
    from inputs
    where input_kind = 'source'
),

-- What a preference is made of stands in a seed, beside its SQL: the tags that the rows of each name.
named_inputs as (
    select distinct
        policies.tag_code,
        weights.tag_code as named_tag
    from {{ ref('tag_rule_policies') }} as policies
    inner join {{ ref('preference_weights') }} as weights
        on
            policies.seed_name = 'preference_weights'
            and policies.value_column = 'weight'
            and {{ meets_filters('policies', 'weights', policy_numbers('preference_weights').columns) }}
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

    select
        'rule_current' as check_name,
        dictionary.subject,
        'seed preference_weights names ' || named_inputs.named_tag || ', which its recorded rule does not read'
            as problem,
        'let its model read the tag if it does not, run banktags catalogue sync, and review what it changes' as remedy
    from named_inputs
    inner join dictionary
        on named_inputs.tag_code = dictionary.tag_code
    left join inputs
        on
            named_inputs.tag_code = inputs.tag_code
            and named_inputs.named_tag = inputs.input_name
            and inputs.input_kind = 'tag'
    where inputs.tag_code is null

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

    -- What is made of data is as sensitive as the data; what comes through another tag is judged by that tag's class.
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
    left join through_tags
        on
            inputs.tag_code = through_tags.tag_code
            and inputs.input_name = through_tags.input_name
    where
        through_tags.tag_code is null
        and (
            dictionary.sensitivity < source_columns.sensitivity
            or dictionary.security_level < source_columns.security_level
        )
    group by dictionary.subject

    union all

    -- What is made of tags is as sensitive as they are, unless somebody else has approved that it tells less.
    select
        'class_of_input_tags' as check_name,
        lowered.subject,
        'its class ' || lowered.sensitivity || ', level ' || cast(lowered.security_level as string)
        || ' is below that of ' || lowered.input_tag || ' (' || lowered.input_sensitivity || ', level '
        || cast(lowered.input_level as string) || '), which it reads' as problem,
        'raise sensitivity and security_level, or have a row of seed class_approvals approved' as remedy
    from lowered
    left join approvals
        on
            lowered.tag_code = approvals.tag_code
            and lowered.input_tag = approvals.input_tag
            and (approvals.valid_to is null or {{ as_of_date() }} < approvals.valid_to)
    where approvals.tag_code is null

    union all

    select
        'class_approval_needed' as check_name,
        'class_approvals: ' || approvals.tag_code || ', ' || approvals.input_tag as subject,
        'the tag reads no such tag of a higher class or level' as problem,
        'delete the row of seed class_approvals' as remedy
    from approvals
    left join lowered
        on approvals.tag_code = lowered.tag_code and approvals.input_tag = lowered.input_tag
    where lowered.tag_code is null

    union all

    -- Who answers for a tag does not approve that it is less sensitive than what it is made of.
    select
        'class_approved_by_another' as check_name,
        'class_approvals: ' || approvals.tag_code || ', ' || approvals.input_tag as subject,
        'it is approved by ' || approvals.approved_by || case
            when approvals.approved_by = dictionary.owner_business then ', the owner of the tag'
            else ', which is no active business owner in seed owners'
        end as problem,
        'have another department approve it' as remedy
    from approvals
    inner join dictionary
        on approvals.tag_code = dictionary.tag_code
    left join {{ ref('owners') }} as owners
        on approvals.approved_by = owners.owner and owners.owner_type = 'business' and owners.is_active
    where owners.owner is null or approvals.approved_by = dictionary.owner_business
)

select * from violations
