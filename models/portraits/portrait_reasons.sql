-- What is known of a customer: each of their tags with since when, how sure and why, in words that the front line
-- reads.
--
-- Of a certified rule with clauses, why is the clause that decides, with their values and the thresholds in force; of
-- any other rule the values that it reads, of a fact the tables that it is measured from. As in tag_change_reasons, the
-- first clause that holds decides, and where that is not the value on record, tags can't tell it.
--
-- A view that judges a customer by their own row alone: what belongs to a tag is one row of `rules`, small for any
-- bank, and their values go along in the row. So nothing is gathered over all customers: the first rows of a list, of
-- one customer or of all, come at once, and a list of all goes through in little memory.

{{ config(materialized='view') }}

{# A value that a rule reads, with its name: 年龄 50; of a dictionary, its Chinese label. -#}
{% set label = first_of(those_of('input.labels', 'label', 'label.value_text = known_values[input.tag_code]')) -%}
{% set input_shown -%}
    input.name_zh || ' ' || coalesce(
        ({{ label }}).name_zh,
        case
            when input.is_double then cast(round(cast(known_values[input.tag_code] as double), 4) as string)
            else known_values[input.tag_code]
        end
    )
{%- endset %}
{% set input_number = 'input.sign * try_cast(known_values[input.tag_code] as decimal(28, 4))' -%}
{% set is_something -%}
    known_values[input.tag_code] <> 'false' and coalesce(try_cast(known_values[input.tag_code] as double), 1) <> 0
{%- endset -%}
{# A comparison with what it compares; one that does not hold says 非. -#}
{% set comparison_shown -%}
    one.input_shown || case
        when one.operator not in ('<', '<=', '>', '>=') or one.boundary is null then ''
        else
            case when one.holds then ' ' else ' 非 ' end
            || one.operator || ' '
            || case
                when one.boundary = floor(one.boundary) then cast(cast(one.boundary as bigint) as string)
                else cast(cast(one.boundary as double) as string)
            end
    end
{%- endset -%}
{# The comparisons of a clause that hold, and those that do not. -#}
{% set held = those_of('shown_comparisons', 'one', 'one.place = clause.place and one.holds') -%}
{% set failed = those_of('shown_comparisons', 'one', 'one.place = clause.place and not one.holds') -%}

with

-- The first day of each tag in history. What stood on that day has stood since nobody knows when.
tracked as (
    select
        tag_code,
        min(as_of_date) as tracked_from
    from {{ ref('tag_versions') }}
    group by tag_code
),

-- Since when the values that stand have stood, where history has seen them begin.
standing as (
    select
        history.customer_id,
        {{ map_of('history.tag_code', 'history.valid_from') }} as since
    from {{ ref('tag_history') }} as history
    inner join tracked
        on
            history.tag_code = tracked.tag_code
            and history.valid_from > tracked.tracked_from
    where history.valid_to is null
    group by history.customer_id
),

own_confidence as (
    select
        customer_id,
        {{ map_of('tag_code', 'confidence') }} as confidence
    from {{ ref('tag_confidence') }}
    where customer_id is not null
    group by customer_id
),

-- What was measured of all customers at once.
confidence_for_all as (
    select
        tag_code,
        max(confidence) as confidence
    from {{ ref('tag_confidence') }}
    where customer_id is null
    group by tag_code
),

customers as (
    select
        wide_rows.customer_id,
        wide_rows.as_of_date,
        wide_rows.known_values,
        standing.since,
        own_confidence.confidence
    from ({{ tags_as_map(ref('customer_tags'), ['customer_id', 'as_of_date']) }}) as wide_rows
    left join standing
        on wide_rows.customer_id = standing.customer_id
    left join own_confidence
        on wide_rows.customer_id = own_confidence.customer_id
),

labels as (
    select
        tag_code,
        {{ list_of(record_of({'value_text': 'tag_value', 'name_zh': 'name_zh'}), 'tag_value') }} as labels
    from {{ ref('portrait_labels') }}
    group by tag_code
),

-- What is to be known of a tag to show a value of it.
readable as (
    select
        entries.tag_code,
        entries.name_zh,
        entries.data_type = 'double' as is_double,
        labels.labels
    from {{ ref('tag_dictionary') }} as entries
    left join labels
        on entries.tag_code = labels.tag_code
),

-- The comparisons of each rule's clauses; one may sum up several tags.
boundaries as (
    select
        boundaries.tag_code,
        boundaries.clause_order,
        boundaries.policy_row,
        boundaries.comparison_order,
        max(boundaries.tag_value) as tag_value,
        max(boundaries.clause) as clause,
        max(boundaries.comparisons) as comparisons,
        max(boundaries.operator) as operator,
        max(boundaries.boundary) as boundary,
        max(boundaries.boundary_text) as boundary_text,
        count(boundaries.input_tag) as input_count,
        {{ list_of(
            record_of({
                'tag_code': 'readable.tag_code',
                'name_zh': 'readable.name_zh',
                'is_double': 'readable.is_double',
                'labels': 'readable.labels',
                'sign': 'boundaries.input_sign',
            }),
            'boundaries.input_tag',
            'boundaries.input_tag is not null',
        ) }} as inputs
    from {{ ref('tag_boundaries') }} as boundaries
    left join readable
        on boundaries.input_tag = readable.tag_code
    group by boundaries.tag_code, boundaries.clause_order, boundaries.policy_row, boundaries.comparison_order
),

-- Places of the clauses in the order in which they are asked.
placed as (
    select
        *,
        dense_rank() over (partition by tag_code order by clause_order, policy_row) as place
    from boundaries
),

clauses as (
    select
        tag_code,
        place,
        max(clause_order) as clause_order,
        max(tag_value) as tag_value,
        max(clause) as clause,
        max(comparisons) as comparisons
    from placed
    group by tag_code, place
),

clauses_of_rules as (
    select
        tag_code,
        {{ list_of(
            record_of({
                'place': 'place',
                'clause_order': 'clause_order',
                'tag_value': 'tag_value',
                'clause': 'clause',
                'comparisons': 'comparisons',
            }),
            'place',
        ) }} as clauses
    from clauses
    group by tag_code
),

comparisons_of_rules as (
    select
        tag_code,
        {{ list_of(
            record_of({
                'place': 'place',
                'operator': 'operator',
                'boundary': 'boundary',
                'boundary_text': 'boundary_text',
                'input_count': 'input_count',
                'inputs': 'inputs',
            }),
            'place, comparison_order',
        ) }} as comparisons
    from placed
    group by tag_code
),

inputs_of_rules as (
    select
        rule_inputs.tag_code,
        {{ list_of(
            record_of({
                'tag_code': 'readable.tag_code',
                'name_zh': 'readable.name_zh',
                'is_double': 'readable.is_double',
                'labels': 'readable.labels',
            }),
            'rule_inputs.input_name',
        ) }} as inputs
    from {{ ref('tag_rule_inputs') }} as rule_inputs
    inner join readable
        on rule_inputs.input_name = readable.tag_code
    where rule_inputs.input_kind = 'tag'
    group by rule_inputs.tag_code
),

-- The tables that a fact is measured from, by the names that a banker knows: the same for every customer.
sources as (
    select distinct
        rule_inputs.tag_code,
        coalesce(delivered.name_zh, rule_inputs.table_name) as source_table
    from (
        select
            tag_code,
            {{ dbt.split_part('input_name', "'.'", 1) }} || '.' || {{ dbt.split_part('input_name', "'.'", 2) }}
                as table_name
        from {{ ref('tag_rule_inputs') }}
        where input_kind = 'source'
    ) as rule_inputs
    left join {{ rows_from(delivered_table_names(), ['table_name', 'name_zh']) }} as delivered
        on rule_inputs.table_name = delivered.table_name
),

measured_from as (
    select
        tag_code,
        '取自 ' || {{ dbt.listagg('source_table', "'、'", 'order by source_table') }} as why
    from sources
    group by tag_code
),

rules as (
    select
        readable.tag_code,
        clauses_of_rules.clauses,
        comparisons_of_rules.comparisons,
        inputs_of_rules.inputs,
        measured_from.why as measured_from,
        confidence_for_all.confidence as confidence_for_all
    from readable
    left join clauses_of_rules
        on readable.tag_code = clauses_of_rules.tag_code
    left join comparisons_of_rules
        on readable.tag_code = comparisons_of_rules.tag_code
    left join inputs_of_rules
        on readable.tag_code = inputs_of_rules.tag_code
    left join measured_from
        on readable.tag_code = measured_from.tag_code
    left join confidence_for_all
        on readable.tag_code = confidence_for_all.tag_code
),

-- Each known tag of a customer beside its rule. Not by a join on the tag: an engine that takes a customer's tags for
-- fewer than the rules would gather those of all customers first.
known as (
    select
        customers.customer_id,
        rules.tag_code,
        {{ unfold(['customers.known_values[rules.tag_code]']) }} as tag_value,
        customers.as_of_date,
        customers.known_values,
        customers.since[rules.tag_code] as since,
        -- A customer's own confidence is never above that of all customers; without either it is 1.
        coalesce(customers.confidence[rules.tag_code], rules.confidence_for_all, cast(1 as decimal(5, 4)))
            as confidence,
        rules.clauses,
        rules.comparisons,
        rules.inputs,
        rules.measured_from
    from customers
    cross join rules
),

-- The comparisons with the customer's values; of a sum of tags, the sum.
measured as (
    select
        *,
        {{ each_of('comparisons', 'one', record_of({
            'place': 'one.place',
            'operator': 'one.operator',
            'boundary': 'one.boundary',
            'boundary_text': 'one.boundary_text',
            'input_text': greatest_of(each_of('one.inputs', 'input', 'known_values[input.tag_code]')),
            'input_number': (
                'case when '
                ~ size_of(those_of('one.inputs', 'input', '(' ~ input_number ~ ') is not null'))
                ~ ' = one.input_count then '
                ~ sum_of(each_of('one.inputs', 'input', input_number))
                ~ ' end'
            ),
            'input_shown': joined_texts(each_of('one.inputs', 'input', input_shown), "' + '"),
        })) }} as measured_comparisons
    from known
),

compared as (
    select
        *,
        {{ each_of('measured_comparisons', 'one', record_of({
            'place': 'one.place',
            'operator': 'one.operator',
            'boundary': 'one.boundary',
            'input_shown': 'one.input_shown',
            'holds': comparison_holds('one.'),
        })) }} as judged_comparisons
    from measured
),

-- 月日均AUM 1370131.68 >= 1000000; a value of a dictionary speaks for itself.
shown as (
    select
        *,
        {{ each_of('judged_comparisons', 'one', record_of({
            'place': 'one.place',
            'holds': 'one.holds',
            'comparison_shown': comparison_shown,
        })) }} as shown_comparisons
    from compared
),

judged as (
    select
        *,
        {{ each_of('clauses', 'clause', record_of({
            'place': 'clause.place',
            'clause_order': 'clause.clause_order',
            'gives_value': 'clause.tag_value = tag_value',
            'holds': (
                size_of(held) ~ " = clause.comparisons and (clause.comparisons > 0 or clause.clause = 'otherwise')"
            ),
            'held': joined_texts(each_of(held, 'one', 'one.comparison_shown'), "'；'"),
            'failed': least_of(each_of(failed, 'one', 'one.comparison_shown')),
        })) }} as judged_clauses
    from shown
),

first_held as (
    select
        *,
        {{ first_of(those_of('judged_clauses', 'clause', 'clause.holds')) }} as first_clause
    from judged
),

deciding as (
    select
        *,
        {{ first_of(those_of(
            'judged_clauses',
            'clause',
            'clause.holds and clause.gives_value and clause.clause_order = first_clause.clause_order',
        )) }} as deciding_clause
    from first_held
),

-- The clause before it says why one that compares no tag (otherwise) is reached.
decided as (
    select
        *,
        {{ first_of(those_of('judged_clauses', 'clause', 'clause.place = deciding_clause.place - 1')) }}
            as clause_before
    from deciding
),

known_inputs as (
    select
        decided.*,
        decided.deciding_clause.held as why_held,
        decided.clause_before.failed as why_not_before,
        {{ those_of('inputs', 'input', 'known_values[input.tag_code] is not null') }} as known_inputs
    from decided
),

-- What any other rule reads: the customer's own values, but for those that are no or nothing.
read_by_rules as (
    select
        *,
        {{ size_of('known_inputs') }} as known_input_count,
        {{ joined_texts(each_of(those_of('known_inputs', 'input', is_something), 'input', input_shown), "'；'") }}
            as inputs_shown
    from known_inputs
),

portrait_reasons as (
    select
        customer_id,
        tag_code,
        tag_value,
        since,
        confidence,
        coalesce(
            why_held,
            why_not_before,
            case when known_input_count > 0 then coalesce(inputs_shown, '所读标签均为否或0') end,
            measured_from
        ) as why,
        as_of_date
    from read_by_rules
)

select * from portrait_reasons
