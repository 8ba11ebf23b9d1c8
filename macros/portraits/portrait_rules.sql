{# What is to be known of a tag to say why a customer has it and how sure that is, one row a tag: the clauses of its rule with the names of
   what they read, the tags that the rule reads, the tables that a fact is measured from, and the confidence measured of all customers at
   once. Small for any bank. #}
{% macro portrait_rules() -%}
with

labels as (
    select
        tag_code,
        {{ list_of(record_of({'value_text': 'tag_value', 'name_zh': 'name_zh'}), 'tag_value') }} as labels
    from {{ ref('portrait_labels') }}
    group by tag_code
),

-- How a value of a tag is shown.
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

-- What each clause compares, with the names of its tags.
boundaries as (
    select
        versions.*,
        readable.name_zh,
        readable.is_double,
        readable.labels
    from {{ ref('tag_boundary_versions') }} as versions
    left join readable
        on versions.input_tag = readable.tag_code
),

clauses_of_rules as (
    {{ clauses_as_lists('boundaries', {'name_zh': 'name_zh', 'is_double': 'is_double', 'labels': 'labels'}) }}
),

-- The tags that a rule reads.
inputs_of_rules as (
    select
        rule_inputs.tag_code,
        {{ list_of(record_of(same_fields('readable.', ['tag_code', 'name_zh', 'is_double', 'labels'])), 'rule_inputs.input_name') }}
            as inputs
    from {{ ref('tag_rule_inputs') }} as rule_inputs
    inner join readable
        on rule_inputs.input_name = readable.tag_code
    where rule_inputs.input_kind = 'tag'
    group by rule_inputs.tag_code
),

-- Every tag whose value is asked for, by the rule or by a boundary of any day.
asked_tags as (
    select
        tag_code,
        input_name as input_tag
    from {{ ref('tag_rule_inputs') }}
    where input_kind = 'tag'

    union distinct

    select
        tag_code,
        input_tag
    from {{ ref('tag_boundary_versions') }}
    where input_tag is not null
),

asked_of_rules as (
    select
        tag_code,
        {{ list_of('input_tag', 'input_tag') }} as input_tags
    from asked_tags
    group by tag_code
),

-- The tables that a fact is measured from, by the names that a banker knows: the same for every customer.
sources as (
    select distinct
        rule_inputs.tag_code,
        coalesce(delivered.name_zh, rule_inputs.table_name) as source_table
    from (
        select
            tag_code,
            {{ dbt.split_part('input_name', "'.'", 1) }} || '.' || {{ dbt.split_part('input_name', "'.'", 2) }} as table_name
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

confidence_for_all as (
    select
        tag_code,
        max(confidence) as confidence
    from {{ ref('tag_confidence') }}
    where customer_id is null
    group by tag_code
)

select
    readable.tag_code,
    clauses_of_rules.clauses,
    inputs_of_rules.inputs,
    asked_of_rules.input_tags,
    measured_from.why as measured_from,
    confidence_for_all.confidence as confidence_for_all
from readable
left join clauses_of_rules
    on readable.tag_code = clauses_of_rules.tag_code
left join inputs_of_rules
    on readable.tag_code = inputs_of_rules.tag_code
left join asked_of_rules
    on readable.tag_code = asked_of_rules.tag_code
left join measured_from
    on readable.tag_code = measured_from.tag_code
left join confidence_for_all
    on readable.tag_code = confidence_for_all.tag_code
{%- endmacro %}
