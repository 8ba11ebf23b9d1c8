{# The one evaluator of rule clauses (see tag_boundary_versions): which clause of its rule decides for a customer, a tag and a day. What
   explains a tag asks here: tag_change_clauses for each side of a change, portrait_reasons and portrait_clauses for today, portrait_nudges
   for what might be. A rule is judged in one row, as a list of clauses, so that a view of all customers gives its first rows at once.

   A comparison with something unknown does not hold, and neither does its opposite; a sum is unknown where one of its tags is. A clause
   holds where each of its comparisons does: one that has no boundary in force on the day does not. The first clause that holds decides if
   it gives the value on record. If it does not, only a clause beyond tags can have given the value. #}

{# A relation with each rule judged: beside its own columns judged_clauses, those in force with what holds, first_held with its first_value,
   and deciding_clause with is_told, whether it is one that tags tell. Its rows have clauses, asked_on (the day), known_inputs (the values of the tags that the rule reads, as a map) and tag_value (the value
   on record). #}
{% macro judged_rules(asked) -%}
{%- set in_force = 'coalesce(one.valid_from <= asked_on, true) and coalesce(asked_on < one.valid_to, true)' -%}
{%- set number = 'try_cast(known_inputs[input.tag_code] as decimal(38, 10))' -%}
{%- set known_numbers = those_of('one.inputs', 'input', number ~ ' is not null') -%}
{%- set measured = each_of(those_of('clause.comparisons', 'one', in_force), 'one', record_of(dict(
    same_fields('one.', comparison_fields() + ['inputs']),
    input_text='case when ' ~ size_of('one.inputs') ~ ' = 1 then known_inputs[(' ~ first_of('one.inputs') ~ ').tag_code] end',
    input_number='case when ' ~ size_of(known_numbers) ~ ' = ' ~ size_of('one.inputs') ~ ' then '
        ~ sum_of(each_of('one.inputs', 'input', 'cast(input.sign * ' ~ number ~ ' as decimal(38, 10))')) ~ ' end'
))) -%}
{%- set compared = each_of(measured, 'one', record_of(dict(
    same_fields('one.', comparison_fields() + ['inputs', 'input_text', 'input_number']), holds=comparison_holds('one.')
))) -%}
{%- set held = 'coalesce(' ~ size_of(those_of('clause.comparisons', 'one', 'one.holds')) ~ ', 0)' -%}
{%- set is_told = "(clause.comparison_count > 0 or clause.clause = 'otherwise')" -%}
{%- set gives_value = 'clause.tag_value is not distinct from tag_value' -%}
with

compared as (
    select
        *,
        {{ each_of('clauses', 'clause', record_of(dict(same_fields('clause.', clause_fields()), comparisons=compared))) }}
            as compared_clauses
    from {{ asked }}
),

-- Those of which something is in force. Of some, tags can't tell it: a rule as a whole, a condition beyond tags.
judged as (
    select
        *,
        {{ each_of(
            those_of('compared_clauses', 'clause', size_of('clause.comparisons') ~ ' > 0 or clause.comparison_count = 0'),
            'clause',
            record_of(dict(
                same_fields('clause.', clause_fields() + ['comparisons']),
                is_told=is_told,
                holds=is_told ~ ' and ' ~ held ~ ' = clause.comparison_count'
            )),
        ) }} as judged_clauses
    from compared
),

first_held as (
    select
        *,
        {{ first_of(those_of('judged_clauses', 'clause', 'clause.holds')) }} as first_held
    from judged
),

decided as (
    select
        *,
        coalesce(
            {{ first_of(those_of(
                'judged_clauses', 'clause', 'clause.holds and clause.clause_order = first_held.clause_order and ' ~ gives_value
            )) }},
            {{ first_of(those_of(
                'judged_clauses', 'clause', 'not clause.is_told and (clause.clause_order = 0 or ' ~ gives_value ~ ')'
            )) }}
        ) as deciding_clause
    from first_held
)

select
    *,
    coalesce(decided.deciding_clause.is_told, false) as is_told,
    decided.first_held.tag_value as first_value
from decided
{%- endmacro %}

{# Rows of judged_rules turned into one row a clause and comparison, beside the columns named; one a clause that compares nothing, and one
   without a clause where the rule has none. #}
{% macro clauses_as_rows(judged, keys) -%}
with

clauses as (
    select
        {{ keys | join(', ') }},
        deciding_clause,
        {{ unfold_list('judged_clauses') }} as clause
    from {{ judged }}
),

comparisons as (
    select
        {{ keys | join(', ') }},
        deciding_clause,
        clause,
        {{ unfold_list('clause.comparisons') }} as compared
    from clauses
)

select
    {{ keys | join(', ') }},
    clause.clause_order,
    clause.policy_row,
    clause.tag_value as clause_value,
    clause.clause,
    clause.is_told,
    clause.holds as clause_holds,
    coalesce(
        clause.clause_order = deciding_clause.clause_order
        and clause.policy_row is not distinct from deciding_clause.policy_row,
        false
    ) as decides,
    compared.comparison_order,
    compared.measure,
    compared.operator,
    compared.boundary,
    compared.boundary_text,
    compared.input_text,
    compared.input_number,
    compared.holds
from comparisons
{%- endmacro %}

{# Whether a comparison holds, of a record with operator, inputs, input_number, input_text, boundary and boundary_text. A threshold or a
   source table that is itself asked for stands in boundary or boundary_text. `of` is what the names stand in, as "one.". #}
{% macro comparison_holds(of) -%}
    {%- set asked_for -%}
        case
            when {{ of }}inputs is null then coalesce(cast({{ of }}boundary as string), {{ of }}boundary_text)
            else coalesce({{ of }}input_text, cast({{ of }}input_number as string))
        end
    {%- endset -%}
    coalesce(
        case {{ of }}operator
            when 'any' then true
            when 'is null' then {{ asked_for }} is null
            when 'is not null' then {{ asked_for }} is not null
            {%- for operator in ('=', '<>', '<', '<=', '>', '>=') %}
            when '{{ operator }}' then coalesce(
                {{ of }}input_number {{ operator }} {{ of }}boundary, {{ of }}input_text {{ operator }} {{ of }}boundary_text
            )
            {%- endfor %}
        end,
        false
    )
{%- endmacro %}
