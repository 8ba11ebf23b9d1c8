{# What a group portrait compares, as a list of {code, value}: tag, and the expression whose values are counted. Every boolean and
   enumerated tag by its values, ages in years, and of each kind of card spending whether those who spend by card have any: taste, not
   whether they hold a card. Empty while dbt parses, and in a unit test. #}
{% macro portrait_traits() -%}
    {%- set traits = [] -%}
    {%- for entry in tag_entries() -%}
        {%- if entry.get('values') or entry.get('unit') == 'years' -%}
            {%- do traits.append({'code': entry.tag_code, 'value': 'cast(' ~ entry.tag_code ~ ' as string)'}) -%}
        {%- elif (entry.get('path') or '').startswith('行为/消费/类别') -%}
            {%- do traits.append({
                'code': entry.tag_code,
                'value': 'case when card_spending_amount_90d > 0 then cast(' ~ entry.tag_code ~ ' > 0 as string) end',
            }) -%}
        {%- endif -%}
    {%- endfor -%}
    {{ return(traits) }}
{%- endmacro %}

{# The tags that put a customer into a group (客群): those of model rule_tags__groups. Empty while dbt parses. #}
{% macro portrait_group_tags() -%}
    {{ return(tag_entries() | selectattr('model_name', 'equalto', 'rule_tags__groups') | map(attribute='tag_code') | list) }}
{%- endmacro %}

{# The tables that the bank delivers, as rows: table as tag_rule_inputs names it (core.accounts), and its Chinese name, which stands
   in brackets in its description (账户). None while dbt parses and in a unit test. #}
{% macro delivered_table_names() -%}
    {%- set tables = [] -%}
    {%- for source in graph.get('sources', {}).values() -%}
        {%- set named = modules.re.findall('\\(([^()]*[\u4e00-\u9fff][^()]*)\\)', source.description or '') -%}
        {%- if named -%}
            {%- do tables.append({'table_name': source.source_name ~ '.' ~ source.name, 'name_zh': named[0].split(',')[0]}) -%}
        {%- endif -%}
    {%- endfor -%}
    {{ return(tables | sort(attribute='table_name')) }}
{%- endmacro %}
