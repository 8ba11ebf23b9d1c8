{{ printed_rows() }}

-- Every source table that a tag is made of has a row in seed source_freshness_policy for its columns at large, and
-- each row makes sense: fresh_days below stale_days, the floor from 0 to below 1.
with

source_tables as (
    select distinct
        {{ dbt.split_part('input_name', "'.'", 1) }} as system_name,
        {{ dbt.split_part('input_name', "'.'", 2) }} as table_name
    from {{ ref('tag_rule_inputs') }}
    where input_kind = 'source'
),

problems as (
    select 'no row without column_name: ' || source_tables.system_name || '.' || source_tables.table_name as problem
    from source_tables
    left join {{ ref('source_freshness_policy') }} as policies
        on
            source_tables.system_name = policies.system_name
            and source_tables.table_name = policies.table_name
            and policies.column_name is null
    where policies.system_name is null

    union all

    select 'days or floor of ' || system_name || '.' || table_name || coalesce('.' || column_name, '') as problem
    from {{ ref('source_freshness_policy') }}
    where fresh_days < 0 or fresh_days >= stale_days or confidence_floor < 0 or confidence_floor >= 1
)

select
    problem,
    'correct seeds/policy/quality/source_freshness_policy.csv' as remedy
from problems
