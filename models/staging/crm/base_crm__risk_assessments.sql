{{ config(
    materialized='incremental',
    unique_key=['assessment_id'],
    on_schema_change='fail',
    pre_hook="{{ forget_outdated_versions(source('crm', 'risk_assessments'),
        {'risk_level': ref('risk_levels')}) }}",
) }}

{#- What is made of the values that may be unusable: a bad one is unknown (null) and counted, the row stays. #}
{% set known = {
    'valid_to': known_date('source.valid_to', not_before='source.assessed_date'),
    'investment_goal':
        code_or_unknown('source.investment_goal', ['RETIREMENT', 'EDUCATION', 'HOUSING', 'GROWTH', 'PRESERVATION']),
} %}

with

source as (
    {{ new_batches(source('crm', 'risk_assessments'),
        {'risk_level': ref('risk_levels')}) }}
),

-- One form for each value: codes as the dictionaries write them, blanks as null, identifiers hashed or masked.
standardised as (
    select
        {{ known_text('source.assessment_id') }} as assessment_id,
        {{ known_text('source.contact_id') }} as contact_id,
        {{ known_date('source.assessed_date') }} as assessed_date,
        {{ known.valid_to }} as valid_to,
        coalesce(levels.risk_level, upper(nullif(trim(source.risk_level), ''))) as risk_level,
        {{ known.investment_goal }} as investment_goal,
        source.loaded_at,
        source.dt,
        source.batch_fingerprint,
        {{ unknown_values(known) }} as unknown_values,
        {{ unknown_shapes(known) }} as unknown_shapes
    from source
    left join {{ codes_of('risk_levels', 'risk_level') }} as levels
        on {{ delivered_code('source.risk_level') }} = levels.delivered_code
),

-- What is wrong with a row itself: the first of these.
judged as (
    select
        standardised.*,
        case
            when standardised.assessment_id is null then 'missing_assessment_id'
            when standardised.contact_id is null then 'missing_contact_id'
            when standardised.assessed_date is null then 'missing_assessed_date'
            when standardised.risk_level is null then 'missing_risk_level'
            when standardised.loaded_at is null then 'missing_loaded_at'
            when risk_levels.risk_appetite is null then 'unknown_risk_level'
            when standardised.assessed_date > standardised.dt then 'future_assessed_date'
        end as fault
    from standardised
    left join {{ ref('risk_levels') }} as risk_levels
        on standardised.risk_level = risk_levels.risk_level
),

-- The latest delivery of each key stands.
risk_assessments as (
    {{ latest_version_wins('judged', key=['assessment_id']) }}
)

-- The columns are those of `judged`: the rule switched off cannot follow them through a union.
select * from risk_assessments  -- noqa: AM04
