{#- What is made of the values that may be unusable: a bad one is unknown (null) and counted, the row stays. #}
{% set known = {
    'city_code': 'coalesce(cities.successor_code, cities.city_code)',
    'branch_type': code_or_unknown('source.branch_type', ['HEAD', 'CITY', 'COUNTY', 'RURAL']),
} %}

with

source as (
    {{ all_batches(source('core', 'branches')) }}
),

-- One form for each value: codes as the dictionaries write them, blanks as null, identifiers hashed or masked.
standardised as (
    select
        {{ known_text('source.branch_id') }} as branch_id,
        {{ known_text('source.branch_name') }} as branch_name,
        {{ known.city_code }} as city_code,
        {{ known.branch_type }} as branch_type,
        source.loaded_at,
        source.dt,
        {{ unknown_values(known) }} as unknown_values,
        {{ unknown_shapes(known) }} as unknown_shapes
    from source
    left join {{ codes_of('cities', 'city_code') }} as cities
        on {{ city_code_of('source.city_code') }} = cities.delivered_code
),

-- What is wrong with a row itself: the first of these.
judged as (
    select
        *,
        case
            when branch_id is null then 'missing_branch_id'
            when loaded_at is null then 'missing_loaded_at'
        end as fault
    from standardised
),

-- The latest delivery of each key stands.
branches as (
    {{ latest_version_wins('judged', key=['branch_id'], batched=false) }}
)

-- The columns are those of `judged`: the rule switched off cannot follow them through a union.
select * from branches  -- noqa: AM04
