-- Why a customer has each of his tags, in words that the front line reads: what his values are compared with.
--
-- Of a certified rule with clauses it is the clause that decides, with his values and the thresholds in force; of any
-- other rule the values that it reads, of a fact the tables that it is measured from. As in tag_change_reasons, the
-- first clause that holds decides, and where that is not the value on record, tags can't tell it.

{{ config(materialized='view') }}

{# In place, not as a CTE: one that is used more than once DuckDB fills for all customers before it filters. -#}
{% set known_values -%}
    ({{ unpivot_tags(ref('customer_tags'), ['customer_id', 'as_of_date']) }})
{%- endset -%}

with

-- Each value that a rule may read, with its name: 年龄 50; of a dictionary, its Chinese label.
inputs as (
    select
        known_values.customer_id,
        known_values.tag_code as input_tag,
        known_values.tag_value as input_text,
        entries.name_zh || ' ' || coalesce(
            labels.name_zh,
            case
                when entries.data_type = 'double'
                    then cast(round(cast(known_values.tag_value as double), 4) as string)
                else known_values.tag_value
            end
        ) as input_shown
    from {{ known_values }} as known_values
    inner join {{ ref('tag_dictionary') }} as entries
        on known_values.tag_code = entries.tag_code
    left join {{ ref('portrait_labels') }} as labels
        on
            known_values.tag_code = labels.tag_code
            and known_values.tag_value = labels.tag_value
),

-- The comparisons of each rule's clauses with the customer's values; of a sum of tags, the sum.
measured as (
    select
        judged.customer_id,
        judged.tag_code,
        boundaries.clause_order,
        boundaries.policy_row,
        boundaries.comparison_order,
        max(judged.tag_value) as value_on_record,
        max(boundaries.tag_value) as tag_value,
        max(boundaries.clause) as clause,
        max(boundaries.comparisons) as comparisons,
        max(boundaries.operator) as operator,
        max(boundaries.boundary) as boundary,
        max(boundaries.boundary_text) as boundary_text,
        max(inputs.input_text) as input_text,
        case
            when count(try_cast(inputs.input_text as decimal(28, 4))) = count(boundaries.input_tag)
                then sum(boundaries.input_sign * try_cast(inputs.input_text as decimal(28, 4)))
        end as input_number,
        {{ dbt.listagg('inputs.input_shown', "' + '", 'order by inputs.input_tag') }} as input_shown
    from {{ known_values }} as judged
    inner join {{ ref('tag_boundaries') }} as boundaries
        on judged.tag_code = boundaries.tag_code
    left join inputs
        on
            judged.customer_id = inputs.customer_id
            and boundaries.input_tag = inputs.input_tag
    group by
        judged.customer_id, judged.tag_code, boundaries.clause_order, boundaries.policy_row, boundaries.comparison_order
),

compared as (
    select
        *,
        {{ comparison_holds() }} as holds
    from measured
),

-- 月日均AUM 1370131.68 >= 1000000; a value of a dictionary speaks for itself.
shown as (
    select
        *,
        input_shown || case
            when operator not in ('<', '<=', '>', '>=') or boundary is null then ''
            else
                case when holds then ' ' else ' 非 ' end
                || operator || ' '
                || case
                    when boundary = floor(boundary) then cast(cast(boundary as bigint) as string)
                    else cast(cast(boundary as double) as string)
                end
        end as comparison_shown
    from compared
),

clauses as (
    select
        customer_id,
        tag_code,
        clause_order,
        policy_row,
        count(case when holds then 1 end) = max(comparisons)
        and (max(comparisons) > 0 or max(clause) = 'otherwise') as clause_holds,
        max(tag_value) = max(value_on_record) as gives_value,
        {{ dbt.listagg('case when holds then comparison_shown end', "'；'", 'order by comparison_order') }} as held,
        min(case when not holds then comparison_shown end) as failed
    from shown
    group by customer_id, tag_code, clause_order, policy_row
),

-- The clause before it says why one that compares no tag (otherwise) is reached.
in_order as (
    select
        *,
        lag(failed) over (partition by customer_id, tag_code order by clause_order, policy_row) as failed_before,
        min(case when clause_holds then clause_order end) over (partition by customer_id, tag_code) as first_clause
    from clauses
),

deciding as (
    select
        customer_id,
        tag_code,
        coalesce(held, failed_before) as why
    from in_order
    where
        clause_holds
        and gives_value
        and clause_order = first_clause
),

-- What any other rule reads: the customer's own values, but for those that are no or nothing.
read_by_rules as (
    select
        inputs.customer_id,
        rule_inputs.tag_code,
        coalesce(
            {{ dbt.listagg(
                "case when inputs.input_text <> 'false' and coalesce(try_cast(inputs.input_text as double), 1) <> 0 "
                "then inputs.input_shown end", "'；'", 'order by inputs.input_tag'
            ) }},
            '所读标签均为否或0'
        ) as why
    from {{ ref('tag_rule_inputs') }} as rule_inputs
    inner join inputs
        on rule_inputs.input_name = inputs.input_tag
    where rule_inputs.input_kind = 'tag'
    group by inputs.customer_id, rule_inputs.tag_code
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

portrait_reasons as (
    select
        known_values.customer_id,
        known_values.tag_code,
        coalesce(deciding.why, read_by_rules.why, measured_from.why) as why,
        known_values.as_of_date
    from {{ known_values }} as known_values
    left join deciding
        on
            known_values.customer_id = deciding.customer_id
            and known_values.tag_code = deciding.tag_code
    left join read_by_rules
        on
            known_values.customer_id = read_by_rules.customer_id
            and known_values.tag_code = read_by_rules.tag_code
    left join measured_from
        on known_values.tag_code = measured_from.tag_code
)

select * from portrait_reasons
