-- Whether users' derived tags are made of nothing but certified and base tags. That they read nothing but tags, and
-- give the same value for the same date, is judged where their SQL is parsed (banktags catalogue conditions), before a
-- build.

{{ config(materialized='view') }}

with

dictionary as (
    select
        *,
        model_name || '.' || tag_code as subject
    from {{ ref('tag_dictionary') }}
),

check_derived as (
    select
        'derived_reads_certified' as check_name,
        dictionary.tag_code,
        dictionary.subject,
        case
            when given.kind <> 'fact' and given.status <> 'certified'
                then 'it is made of ' || inputs.input_name || ', which is ' || given.status
        end as problem,
        'have that tag certified first, or derive from base (fact) tags' as remedy
    from dictionary
    inner join {{ ref('tag_rule_inputs') }} as inputs
        on dictionary.tag_code = inputs.tag_code and inputs.input_kind = 'tag'
    inner join dictionary as given
        on inputs.input_name = given.tag_code
    where dictionary.kind = 'derived'
)

select * from check_derived
