-- Tags whose policy is another than on the observed date before: a dated row of a seed that their rule reads has come
-- into force since, or has ceased to be (DECISIONS 59). Reads the policy seeds, and what the catalogue says that each
-- rule reads.

{{ config(materialized='view') }}

with

-- The days since the observed date before; none on the first.
since as (
    select
        previous_date,
        as_of_date
    from {{ ref('observed_dates') }}
    where
        as_of_date = {{ as_of_date() }}
        and previous_date is not null
),

moved_seeds as (
    {{ moved_policy_seeds('since') }}
),

tag_policy_changes as (
    select distinct inputs.tag_code
    from {{ ref('tag_rule_inputs') }} as inputs
    inner join moved_seeds
        on
            inputs.input_kind = 'seed'
            and {{ dbt.split_part('inputs.input_name', "'.'", 1) }} = moved_seeds.seed_name
)

select * from tag_policy_changes
