-- Whether the recorded rule of each tag is that of today's code, and no other tag's.

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

-- Tags with their rules: how many have the same.
definitions as (
    select
        dictionary.tag_code,
        dictionary.subject,
        count(*) over (partition by rules.rule_hash) as tags_of_rule,
        min(dictionary.subject) over (partition by rules.rule_hash) as first_of_rule,
        max(dictionary.subject) over (partition by rules.rule_hash) as last_of_rule
    from rules
    inner join dictionary
        on rules.tag_code = dictionary.tag_code
),

-- Models of tags, with the checksums of their code when their rules were recorded.
recorded as (
    select
        model_name,
        min(code_checksum) as lowest_checksum,
        max(code_checksum) as highest_checksum
    from rules
    group by model_name
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

check_definitions as (
    select
        'rule_recorded' as check_name,
        coalesce(dictionary.tag_code, rules.tag_code) as tag_code,
        coalesce(dictionary.subject, rules.model_name || '.' || rules.tag_code) as subject,
        case
            when rules.tag_code is null then 'the rule of the tag is not recorded'
            when dictionary.tag_code is null then 'a rule is recorded for a tag that is not there'
        end as problem,
        'run banktags catalogue sync, and review what it changes' as remedy
    from dictionary
    full join rules
        on dictionary.tag_code = rules.tag_code

    union all

    select
        'rule_current' as check_name,
        cast(null as string) as tag_code,
        recorded.model_name as subject,
        case
            when recorded.lowest_checksum <> today.code_checksum or recorded.highest_checksum <> today.code_checksum
                then 'its SQL, or that of a model upstream, has changed since its rules were recorded'
        end as problem,
        'run banktags catalogue sync, and review what it changes' as remedy
    from recorded
    inner join {{ rows_from(checksums, ['model_name', 'code_checksum']) }} as today
        on recorded.model_name = today.model_name

    union all

    select
        'rule_current' as check_name,
        named_inputs.tag_code,
        dictionary.subject,
        case
            when inputs.tag_code is null
                then
                    'seed preference_weights names ' || named_inputs.named_tag
                    || ', which its recorded rule does not read'
        end as problem,
        'let its model read the tag if it does not, run banktags catalogue sync, and review what it changes' as remedy
    from named_inputs
    inner join dictionary
        on named_inputs.tag_code = dictionary.tag_code
    left join inputs
        on
            named_inputs.tag_code = inputs.tag_code
            and named_inputs.named_tag = inputs.input_name
            and inputs.input_kind = 'tag'

    union all

    -- One definition, one tag: the first of the tags that share one is named.
    select
        'definition_unique' as check_name,
        tag_code,
        subject,
        case
            when tags_of_rule > 1 and subject = first_of_rule then 'it has the same definition as ' || last_of_rule
        end as problem,
        'keep one of the tags and deprecate the other, or record why both stay in seed governance_exceptions' as remedy
    from definitions

    union all

    -- A base tag measures: it stands on sources and dictionaries, never on another tag.
    select
        'base_reads_no_tag' as check_name,
        dictionary.tag_code,
        dictionary.subject,
        'a fact tag reads the tag ' || inputs.input_name as problem,
        'measure it from intermediate models, or make it a rule tag' as remedy
    from dictionary
    left join inputs
        on dictionary.tag_code = inputs.tag_code and inputs.input_kind = 'tag'
    where dictionary.kind = 'fact'
)

select * from check_definitions
