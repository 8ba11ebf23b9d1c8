{# The effective dictionary entries of all tags, from the project graph: a field stands at the column (config.meta.tag), or as
   default of its model (tag_defaults) or folder (folder_tag_defaults). Tags are the columns of models <layer>__<domain> under
   tags/ with one row a customer. banktags/catalogue/entries.py reads the manifest the same way. #}
{% macro tag_entries() -%}
    {%- set entries = [] -%}
    {%- set grain = ['customer_id', 'as_of_date'] -%}
    {%- for model in graph.get('nodes', {}).values() if model.resource_type == 'model' and model.fqn[1] == 'tags' and '__' in model.name -%}
        {%- set meta = model.config.get('meta', {}) -%}
        {%- for column in model.columns.values()
            if 'customer_id' in model.columns and 'as_of_date' in model.columns and column.name not in grain -%}
            {%- set entry = {} -%}
            {%- if column.data_type == 'boolean' -%}{%- do entry.update({'values': {'true': '是', 'false': '否'}}) -%}{%- endif -%}
            {%- if column.data_type == 'date' -%}{%- do entry.update({'unit': 'date'}) -%}{%- endif -%}
            {%- do entry.update(meta.get('folder_tag_defaults', {})) -%}
            {%- do entry.update(meta.get('tag_defaults', {})) -%}
            {%- do entry.update(column.config.get('meta', {}).get('tag', {})) -%}
            {%- do entry.update({
                'tag_code': column.name, 'model_name': model.name, 'data_type': column.data_type,
                'definition': column.description, 'dimension': (entry.get('path') or '').split('/')[0],
            }) -%}
            {%- do entries.append(entry) -%}
        {%- endfor -%}
    {%- endfor -%}
    {{ return(entries | sort(attribute='tag_code')) }}
{%- endmacro %}


{# The rows of a list of dictionaries as a relation to select from, all columns text; null where a field stands nowhere. Without
   rows, as while dbt parses, it has none: `from {{ rows_from(rows, ['tag_code', 'value']) }} as t`. #}
{% macro rows_from(rows, columns) -%}
    (
        select
        {%- for column in columns %}
            cast({{ column }} as string) as {{ column }}{{ ',' if not loop.last }}
        {%- endfor %}
        from (
            values
            {%- for row in rows or [{}] %}
            (
            {%- for column in columns -%}
                {%- set value = row.get(column) -%}
                {%- if value is none or value == '' -%}null
                {#- Few of thousands of values have a quote to escape, and asking the adapter for each takes seconds. -#}
                {%- elif "'" in value | string -%}'{{ dbt.escape_single_quotes(value | string | trim) }}'
                {%- else -%}'{{ value | string | trim }}'
                {%- endif -%}
                {{ ', ' if not loop.last }}
            {%- endfor -%}
            ){{ ',' if not loop.last }}
            {%- endfor %}
        ) as listed ({{ columns | join(', ') }})
        {{ 'where 1 = 0' if not rows }}
    )
{%- endmacro %}


{# Checksum of the SQL of each of some models and of all models upstream of it, by name of the model. `banktags catalogue sync`
   records it with the rule of each tag; another one today means that the recorded rule may not be what runs. Only words and
   signs count, not comments and spaces: banktags/catalogue/sql_words.py has the same pattern. #}
{% macro code_checksums(model_names) -%}
    {%- set pattern -%}
        --[^\n]*|/\*[\s\S]*?\*/|[{]#[\s\S]*?#[}]|('(?:[^']|'')*'|"[^"]*"|\w+|[^\w\s])
    {%- endset -%}
    {%- set checksums = {} -%}
    {%- set own = {} -%}
    {%- for name in model_names if execute -%}
        {%- set found = {} -%}
        {%- set waiting = [] -%}
        {%- for unique_id, node in graph.nodes.items() if node.name == name -%}{%- do waiting.append(unique_id) -%}{%- endfor -%}
        {%- for _ in graph.nodes if waiting -%}
            {%- for unique_id in waiting[:] -%}
                {%- do waiting.remove(unique_id) -%}
                {%- if unique_id not in found and unique_id.startswith('model.') -%}
                    {%- set node = graph.nodes[unique_id] -%}
                    {%- if unique_id not in own -%}
                        {%- set words = modules.re.findall(pattern, node.raw_code) | select | join(' ') -%}
                        {%- do own.update({unique_id: node.name ~ ':' ~ local_md5(words)}) -%}
                    {%- endif -%}
                    {%- do found.update({unique_id: own[unique_id]}) -%}
                    {%- for upstream in node.depends_on.nodes if upstream not in found and upstream not in waiting -%}
                        {%- do waiting.append(upstream) -%}
                    {%- endfor -%}
                {%- endif -%}
            {%- endfor -%}
        {%- endfor -%}
        {%- do checksums.update({name: local_md5(found.values() | sort | join(','))}) -%}
    {%- endfor -%}
    {{ return(checksums) }}
{%- endmacro %}
