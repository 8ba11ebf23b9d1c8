-- Tags whose policy is another than on the observed date before: a dated row of a seed that their rule reads has come
-- into force since, or has ceased to be. Reads the policy seeds, and what the catalogue says that each rule reads.

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
    {%- for seed in policy_seeds() if seed.by_date %}
    select '{{ seed.name }}' as seed_name
    from {{ ref(seed.name) }} as policy
    cross join since
    where
        (
            (policy.valid_from > since.previous_date and policy.valid_from <= since.as_of_date)
            or (policy.valid_to > since.previous_date and policy.valid_to <= since.as_of_date)
        )
        {%- if seed.by_currency %}
        and (policy.currency is null or policy.currency = '{{ base_currency() }}')
        {%- endif %}
    {{ 'union distinct' if not loop.last }}
    {%- endfor %}
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
