{# What the files of users' derived tags say, line by line: the nodes that they read, the functions in them that give another
   value each time, and the tags that they name as tags.<code>. Nothing while dbt parses. #}
{% macro derived_tag_code() -%}
    {%- set changing = 'current_date|current_time|current_timestamp|(?:now|today|random|rand|uuid|gen_random_uuid) *\\(' -%}
    {%- set reads = [] -%}
    {%- set calls = [] -%}
    {%- set columns = [] -%}
    {%- for model in graph.get('nodes', {}).values()
        if model.resource_type == 'model' and model.fqn[1:3] == ['tags', 'derived'] -%}
        {%- for upstream in model.depends_on.nodes -%}
            {%- set resource_type, _, name = upstream.split('.') -%}
            {%- do reads.append({'model_name': model.name, 'upstream': name, 'resource_type': resource_type}) -%}
        {%- endfor -%}
        {%- for line in model.raw_code.split('\n') -%}
            {%- set code = line.split('--')[0] -%}
            {%- set place = {'model_name': model.name, 'file_path': model.original_file_path, 'line_number': loop.index} -%}
            {%- for call in modules.re.findall('(?i)\\b(' ~ changing ~ ')', code) -%}
                {%- do calls.append(dict(place, called=call)) -%}
            {%- endfor -%}
            {%- for column in modules.re.findall('\\btags\\.([a-z][a-z0-9_]*)', code)
                if column not in ('customer_id', 'as_of_date') -%}
                {%- do columns.append(dict(place, tag_code=column)) -%}
            {%- endfor -%}
        {%- endfor -%}
    {%- endfor %}
    {{ return({'reads': reads, 'calls': calls, 'columns': columns}) }}
{%- endmacro %}
