{# What might turn a comparison of a rule, from rows of judged_rules: one row a comparison and changed input, beside the columns named. Every
   boundary of a number is tried from both sides in the smallest steps of its tag, and every yes or no is turned round: input_tag, change
   (null where it is turned round) and tried_value, the value of the input then. #}
{% macro portrait_tries(judged, columns) -%}
{%- set kept = columns | join(', ') -%}
with

-- How many decimal places a tag has: a decimal those of its type, a number without a scale two, a count none.
places as (
    select
        tag_code,
        case
            when data_type like 'decimal%'
                then cast(replace({{ dbt.split_part('data_type', "','", 2) }}, ')', '') as int)
            when data_type = 'double' then 2
            else 0
        end as decimal_places
    from {{ ref('tag_dictionary') }}
),

-- The smallest step of a tag is one of its last place.
steps as (
    select
        tag_code,
        cast(power(10, decimal_places) as decimal(7, 0)) as steps_of_one,
        cast(power(10, -decimal_places) as decimal(7, 6)) as step
    from places
),

clauses as (
    select
        {{ kept }},
        {{ unfold_list('judged_clauses') }} as clause
    from {{ judged }}
),

comparisons as (
    select
        {{ kept }},
        clause,
        {{ unfold_list('clause.comparisons') }} as one
    from clauses
),

inputs as (
    select
        {{ kept }},
        clause,
        one,
        {{ unfold_list('one.inputs') }} as input
    from comparisons
),

-- How many steps of the input lead onto the boundary.
distances as (
    select
        inputs.*,
        steps.step,
        cast((one.boundary - one.input_number) * input.sign as decimal(28, 6)) * steps.steps_of_one as steps_away
    from inputs
    inner join steps
        on inputs.input.tag_code = steps.tag_code
    where inputs.one.boundary is not null and inputs.one.input_number is not null
),

-- Onto the boundary or just beside it, on either side.
stepped as (
    select
        *,
        {{ unfold([
            'cast(floor(steps_away) - 1 as decimal(28, 0))', 'cast(floor(steps_away) as decimal(28, 0))',
            'cast(ceil(steps_away) as decimal(28, 0))', 'cast(ceil(steps_away) + 1 as decimal(28, 0))',
        ]) }} as steps_taken
    from distances
),

turned as (
    select
        *,
        {{ unfold(["'true'", "'false'"]) }} as tried_value
    from inputs
    where one.boundary_text in ('true', 'false')
),

tries as (
    select
        {{ kept }},
        clause,
        one,
        input,
        cast(steps_taken * step as decimal(28, 6)) as change,
        cast(
            try_cast(known_inputs[input.tag_code] as decimal(28, 6)) + cast(steps_taken * step as decimal(28, 6)) as string
        ) as tried_value
    from stepped
    where steps_taken <> 0

    union all

    select
        {{ kept }},
        clause,
        one,
        input,
        cast(null as decimal(28, 6)) as change,
        tried_value
    from turned
    where known_inputs[input.tag_code] is distinct from tried_value
)

select
    {{ kept }},
    clause.clause_order,
    clause.policy_row,
    one.comparison_order,
    input.tag_code as input_tag,
    change,
    tried_value
from tries
{%- endmacro %}
