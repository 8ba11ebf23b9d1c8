-- What the clauses of the rules compare with, for each version of the policy: thresholds by name, tiers and risk levels
-- row by row, and source tables from their first delivery on. Numbers come from the seeds in the bank's base currency;
-- the clauses only name them.

{{ config(materialized='view') }}

with

clauses as (
    select
        *,
        coalesce(max(comparison_order) over (partition by tag_code, clause_order), 0) as comparisons
    from {{ ref('tag_rule_clauses') }}
),

thresholds as (
    select
        rule || '.' || parameter as threshold,
        value as boundary,
        valid_from,
        valid_to
    from {{ ref('rule_thresholds') }}
    where currency is null or currency = '{{ base_currency() }}'
),

-- Seeds whose rows give the values of tags: a clause that reads one stands for as many clauses as it has rows.
policy_rows as (
    select
        'pyramid_tiers.tier' as values_from,
        tier as policy_row,
        tier as tag_value,
        aum_from,
        aum_to,
        valid_from,
        valid_to
    from {{ ref('pyramid_tiers') }}
    where currency = '{{ base_currency() }}'

    union all

    select
        'risk_levels.max_product_rating' as values_from,
        risk_level as policy_row,
        max_product_rating as tag_value,
        cast(null as decimal(28, 2)) as aum_from,
        cast(null as decimal(28, 2)) as aum_to,
        cast(null as date) as valid_from,
        cast(null as date) as valid_to
    from {{ ref('risk_levels') }}
),

-- A source table that a rule asks for: nothing before it is first delivered, from then on that day.
deliveries as (
    select
        'coverage.' || source_table as threshold,
        cast(first_batch_date as string) as boundary_text,
        first_batch_date as valid_from,
        cast(null as date) as valid_to
    from {{ ref('int_source__coverage') }}
    where is_delivered

    union all

    select
        'coverage.' || source_table as threshold,
        cast(null as string) as boundary_text,
        cast(null as date) as valid_from,
        first_batch_date as valid_to
    from {{ ref('int_source__coverage') }}
),

resolved as (
    select
        clauses.tag_code,
        clauses.clause_order,
        policy_rows.policy_row,
        coalesce(policy_rows.tag_value, clauses.tag_value) as tag_value,
        clauses.clause,
        clauses.comparisons,
        clauses.comparison_order,
        clauses.measure,
        clauses.input_tag,
        clauses.input_sign,
        clauses.operator,
        clauses.threshold,
        coalesce(
            thresholds.boundary,
            case clauses.threshold
                when 'pyramid_tiers.aum_from' then policy_rows.aum_from
                when 'pyramid_tiers.aum_to' then policy_rows.aum_to
            end,
            clauses.literal_number
        ) as boundary,
        case
            when clauses.threshold = 'risk_levels.risk_level' then policy_rows.policy_row
            else coalesce(deliveries.boundary_text, clauses.literal_text)
        end as boundary_text,
        -- All must be in force; a null one always is.
        greatest(thresholds.valid_from, policy_rows.valid_from, deliveries.valid_from) as valid_from,
        least(thresholds.valid_to, policy_rows.valid_to, deliveries.valid_to) as valid_to
    from clauses
    left join policy_rows
        on clauses.values_from = policy_rows.values_from
    left join thresholds
        on clauses.threshold = thresholds.threshold
    left join deliveries
        on clauses.threshold = deliveries.threshold
),

tag_boundary_versions as (
    select
        tag_code,
        clause_order,
        policy_row,
        tag_value,
        clause,
        cast(comparisons as int) as comparisons,
        comparison_order,
        measure,
        input_tag,
        input_sign,
        -- A band without a bound on this side is open there.
        case
            when threshold like 'pyramid_tiers.%' and boundary is null then 'any'
            else operator
        end as operator,
        threshold,
        cast(boundary as decimal(18, 4)) as boundary,
        boundary_text,
        valid_from,
        valid_to
    from resolved
)

select * from tag_boundary_versions
