-- Every column of every model, seed and source that the project documents, from the project graph.

{%- set listed = [] -%}
{%- for node in (graph.get('nodes', {}).values() | list) + (graph.get('sources', {}).values() | list)
    if node.resource_type in ('model', 'seed', 'source') -%}
    {%- set name = node.source_name ~ '.' ~ node.name if node.resource_type == 'source' else node.name -%}
    {%- for column in node.columns.values() -%}
        {%- set meta = column.config.get('meta', {}) -%}
        {%- do listed.append({
            'resource_type': node.resource_type, 'relation_name': name, 'column_name': column.name,
            'data_type': column.data_type or node.config.get('column_types', {}).get(column.name),
            'description': column.description,
            'sensitivity': meta.get('sensitivity'), 'security_level': meta.get('security_level'),
        }) -%}
    {%- endfor -%}
{%- endfor %}

with

warehouse_columns as (
    select
        resource_type,
        relation_name,
        column_name,
        data_type,
        description,
        sensitivity,
        cast(security_level as int) as security_level
    from {{ rows_from(listed, [
        'resource_type', 'relation_name', 'column_name', 'data_type', 'description', 'sensitivity', 'security_level',
    ]) }} as listed
)

select * from warehouse_columns
