-- Which boundaries decide the certified tags: the clauses of their rules with the thresholds in force that day.

{{ config(materialized='view') }}

with

tag_boundaries as (
    select
        tag_code,
        clause_order,
        policy_row,
        tag_value,
        clause,
        comparisons,
        comparison_order,
        measure,
        input_tag,
        input_sign,
        operator,
        threshold,
        boundary,
        boundary_text,
        {{ as_of_date() }} as as_of_date
    from {{ ref('tag_boundary_versions') }}
    where
        (valid_from is null or valid_from <= {{ as_of_date() }})
        and (valid_to is null or {{ as_of_date() }} < valid_to)
)

select * from tag_boundaries
