-- Whether what is certified was tested, certified by another than its developer, and is still what was certified.
-- Judged by the whole record, whatever date is built.

{{ config(materialized='view') }}

with

steps as (
    select
        history.tag_code,
        history.sequence_no,
        history.to_state,
        history.status,
        history.actor,
        history.rule_hash,
        history.is_current,
        coalesce(entries.model_name || '.' || entries.tag_code, history.tag_code) as subject
    from {{ ref('tag_lifecycle') }} as history
    left join {{ ref('tag_dictionary') }} as entries
        on history.tag_code = entries.tag_code
),

-- The last certification of each tag, and who had developed what it certified.
certifications as (
    select
        tag_code,
        max(case when to_state = 'certified' then sequence_no end) as certified_no,
        max(case when to_state = 'developed' then sequence_no end) as developed_no,
        max(case when is_current then status end) as current_status
    from steps
    group by tag_code
),

certified as (
    select
        certifications.tag_code,
        certifications.current_status,
        certification.subject,
        certification.actor as reviewer,
        certification.rule_hash as certified_hash,
        development.actor as developer
    from certifications
    inner join steps as certification
        on certifications.tag_code = certification.tag_code and certifications.certified_no = certification.sequence_no
    left join steps as development
        on certifications.tag_code = development.tag_code and certifications.developed_no = development.sequence_no
),

rules as (
    select * from {{ ref('tag_rules') }}
),

check_certificates as (
    select
        'certified_tested' as check_name,
        certified.tag_code,
        certified.subject,
        case
            when rules.expected_values < 2 then 'it is certified, but no unit test shows two sides of its rule'
        end as problem,
        'add a dbt unit test that expects two or more of its values, then run banktags catalogue sync' as remedy
    from certified
    inner join rules
        on certified.tag_code = rules.tag_code

    union all

    select
        'certified_by_another' as check_name,
        tag_code,
        subject,
        case when reviewer = developer then 'its reviewer ' || reviewer || ' is its developer' end as problem,
        'let somebody else certify it' as remedy
    from certified

    union all

    select
        'certified_rule_unchanged' as check_name,
        certified.tag_code,
        certified.subject,
        case
            when coalesce(certified.certified_hash, '') <> rules.rule_hash
                then 'its rule is not the one that was certified'
        end as problem,
        'review what has changed, then run banktags catalogue certify ' || certified.tag_code
        || ' --by <role> --date <day> --reason <why>' as remedy
    from certified
    inner join rules
        on certified.tag_code = rules.tag_code
    where certified.current_status = 'certified'
)

select * from check_certificates
