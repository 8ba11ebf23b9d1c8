-- By which columns a row of a model or seed is told from the others, as its tests say: the first key of each.

{%- set keys = {} -%}
{%- for node in graph.get('nodes', {}).values() | sort(attribute='unique_id') -%}
    {%- if node.resource_type == 'seed' and node.config.get('meta', {}).get('unique_keys') -%}
        {%- do keys.setdefault(node.name, node.config.meta.unique_keys[0]) -%}
    {%- elif node.resource_type == 'test' and node.test_metadata and node.attached_node and not node.config.where -%}
        {%- set said = node.test_metadata -%}
        {%- if said.name == 'unique' -%}
            {%- do keys.setdefault(graph.nodes[node.attached_node].name, [said.kwargs.column_name]) -%}
        {%- elif said.name == 'unique_combination_of_columns' -%}
            {%- do keys.setdefault(graph.nodes[node.attached_node].name, said.kwargs.combination_of_columns) -%}
        {%- endif -%}
    {%- endif -%}
{%- endfor -%}
{%- set listed = [] -%}
{%- for name, columns in keys.items() -%}
    {%- for column in columns -%}
        {%- do listed.append({'relation_name': name, 'column_name': column, 'key_position': loop.index}) -%}
    {%- endfor -%}
{%- endfor %}

with

warehouse_keys as (
    select
        relation_name,
        column_name,
        cast(key_position as int) as key_position
    from {{ rows_from(listed, ['relation_name', 'column_name', 'key_position']) }} as listed
)

select * from warehouse_keys
