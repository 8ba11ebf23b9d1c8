-- What users' derived tags may not be made of: drafts of other rules. That they read nothing but tags, and give the
-- same value for the same date, is judged where their SQL is parsed (banktags catalogue conditions), before a build.

{{ config(materialized='view') }}

with

dictionary as (
    select
        *,
        model_name || '.' || tag_code as subject
    from {{ ref('tag_dictionary') }}
),

violations as (
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
