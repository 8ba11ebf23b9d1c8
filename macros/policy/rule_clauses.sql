{# The clauses of each rule as one list, from a relation with the columns of tag_boundary_versions: tag_code, clauses, and input_tags, the
   tags that they compare. What of_input names ({field: expression}) goes along with each tag that a comparison reads. #}
{% macro clauses_as_lists(boundaries, of_input={}) -%}
with

comparisons as (
    select
        tag_code,
        clause_order,
        policy_row,
        comparison_order,
        valid_from,
        valid_to,
        max(tag_value) as tag_value,
        max(clause) as clause,
        max(comparisons) as comparison_count,
        max(measure) as measure,
        max(operator) as operator,
        max(boundary) as boundary,
        max(boundary_text) as boundary_text,
        {{ list_of(
            record_of(dict(of_input, tag_code='input_tag', sign='input_sign')), 'input_tag', 'input_tag is not null'
        ) }} as inputs
    from {{ boundaries }}
    group by tag_code, clause_order, policy_row, comparison_order, valid_from, valid_to
),

clauses as (
    select
        tag_code,
        clause_order,
        policy_row,
        max(tag_value) as tag_value,
        max(clause) as clause,
        max(comparison_count) as comparison_count,
        {{ list_of(
            record_of(same_fields('', comparison_fields() + ['valid_from', 'valid_to', 'inputs'])),
            'comparison_order, valid_from',
            'comparison_order is not null',
        ) }} as comparisons
    from comparisons
    group by tag_code, clause_order, policy_row
),

lists as (
    select
        tag_code,
        {{ list_of(record_of(same_fields('', clause_fields() + ['comparisons'])), 'clause_order, policy_row') }} as clauses
    from clauses
    group by tag_code
),

compared_tags as (
    select
        tag_code,
        {{ list_of('input_tag', 'input_tag') }} as input_tags
    from (
        select distinct
            tag_code,
            input_tag
        from {{ boundaries }}
        where input_tag is not null
    ) as tags
    group by tag_code
)

select
    lists.tag_code,
    lists.clauses,
    compared_tags.input_tags
from lists
left join compared_tags
    on lists.tag_code = compared_tags.tag_code
{%- endmacro %}

{# What a clause and a comparison are, from tag_boundary_versions; and names as the fields of a record, from what holds them. #}
{% macro clause_fields() -%}
    {{ return(['clause_order', 'policy_row', 'tag_value', 'clause', 'comparison_count']) }}
{%- endmacro %}

{% macro comparison_fields() -%}
    {{ return(['comparison_order', 'measure', 'operator', 'boundary', 'boundary_text']) }}
{%- endmacro %}

{% macro same_fields(of, names) -%}
    {%- set fields = {} -%}
    {%- for name in names -%}{%- do fields.update({name: of ~ name}) -%}{%- endfor -%}
    {{ return(fields) }}
{%- endmacro %}
