{#- What is made of the values that may be unusable: a bad one is unknown (null) and counted, the row stays. #}
{% set known = {
    'role': code_or_unknown('source.role', ['PRIVATE_BANKER', 'WEALTH_MANAGER', 'GENERAL']),
} %}

with

source as (
    {{ all_batches(source('core', 'managers')) }}
),

-- One form for each value: codes as the dictionaries write them, blanks as null, identifiers hashed or masked.
standardised as (
    select
        {{ known_text('source.manager_id') }} as manager_id,
        {{ masked_name('source.manager_name') }} as manager_name_masked,
        {{ known_text('source.branch_id') }} as branch_id,
        {{ known.role }} as role,
        source.is_active,
        source.loaded_at,
        source.dt,
        {{ unknown_values(known) }} as unknown_values,
        {{ unknown_shapes(known) }} as unknown_shapes
    from source
),

-- What is wrong with a row itself: the first of these.
judged as (
    select
        *,
        case
            when manager_id is null then 'missing_manager_id'
            when loaded_at is null then 'missing_loaded_at'
        end as fault
    from standardised
),

-- The latest delivery of each key stands.
managers as (
    {{ latest_version_wins('judged', key=['manager_id'], batched=false) }}
)

-- The columns are those of `judged`: the rule switched off cannot follow them through a union.
select * from managers  -- noqa: AM04
