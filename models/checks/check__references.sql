-- Whether what the entry of each tag names is there: its place, its values, its unit, its owners, its scenarios.

{{ config(materialized='view') }}

with

tags as (
    select
        *,
        model_name || '.' || tag_code as subject
    from {{ ref('tag_dictionary') }}
),

enumerated as (
    select distinct tag_code
    from {{ ref('tag_values') }}
),

numbers as (
    select *
    from tags
    where {{ matches('data_type', '^(int|bigint|double|decimal)') }}
),

-- The units of the list, an amount as the currency that the dictionary shows it in.
units as (
    select case when listed.unit = 'base currency' then amounts.currency else listed.unit end as unit
    from {{ ref('units') }} as listed
    cross join {{ ref('base_currency') }} as amounts
),

-- Who answers for each tag: one row a part.
answering as (
    select
        tag_code,
        subject,
        owner_business as owner_name,
        'business' as owner_type
    from tags

    union all

    select
        tag_code,
        subject,
        owner_technical as owner_name,
        'technical' as owner_type
    from tags
),

check_references as (
    select
        'path_known' as check_name,
        tags.tag_code,
        tags.subject,
        case
            when categories.path is null then 'the path ' || tags.path || ' is no place of the tag tree'
        end as problem,
        'choose a path of seed tag_categories, or add a row to it' as remedy
    from tags
    left join {{ ref('tag_categories') }} as categories
        on tags.path = categories.path

    union all

    select
        'values_listed' as check_name,
        tags.tag_code,
        tags.subject,
        case
            when enumerated.tag_code is null and tags.values_from is null then 'a text tag does not list its values'
        end as problem,
        'give values (code: 中文), or values_from (the table.column that lists them)' as remedy
    from tags
    left join enumerated
        on tags.tag_code = enumerated.tag_code
    where tags.data_type = 'string'

    union all

    select
        'unit_given' as check_name,
        tag_code,
        subject,
        case when unit is null then 'a number has no unit' end as problem,
        'give unit: base currency, times, days, ratio, ... (seed units)' as remedy
    from numbers

    union all

    select
        'unit_known' as check_name,
        numbers.tag_code,
        numbers.subject,
        case
            when units.unit is null then 'the unit ' || numbers.unit || ' is not in seed units'
        end as problem,
        'choose a unit of seed units (amounts: base currency), or add a row to it' as remedy
    from numbers
    left join units
        on numbers.unit = units.unit

    union all

    select
        'owner_active' as check_name,
        answering.tag_code,
        answering.subject,
        case
            when owners.owner is null then 'the owner ' || answering.owner_name || ' is not in seed owners'
            when not coalesce(owners.is_active, false)
                then 'the owner ' || answering.owner_name || ' is no longer active'
        end as problem,
        'name an active owner of seed owners' as remedy
    from answering
    left join {{ ref('owners') }} as owners
        on answering.owner_name = owners.owner and answering.owner_type = owners.owner_type

    union all

    select
        'scenario_known' as check_name,
        tags.tag_code,
        tags.subject,
        case
            when scenarios.scenario is null then 'the scenario ' || served.scenario || ' is not in seed scenarios'
        end as problem,
        'choose one of seed scenarios, or add a row to it' as remedy
    from tags
    left join {{ ref('tag_scenarios') }} as served
        on tags.tag_code = served.tag_code
    left join {{ ref('scenarios') }} as scenarios
        on served.scenario = scenarios.scenario
)

select * from check_references
