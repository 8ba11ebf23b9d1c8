{# What is missing in the dictionary entries of the tags, as sentences that name model, column and fields. A field may stand
   at the column (config.meta.tag), or as a default of its model (tag_defaults) or folder (folder_tag_defaults).
   Tags are the columns of models under tags/ and segments/ with one row a customer. #}
{% macro incomplete_tag_entries() -%}
    {%- set mandatory = [
        'name_zh', 'kind', 'path', 'timeliness', 'null_means', 'owner_business', 'owner_technical', 'status',
        'sensitivity', 'security_level', 'scenarios', 'since', 'version', 'usage',
    ] -%}
    {%- set problems = [] -%}
    {%- for model in graph.nodes.values() if model.resource_type == 'model' and model.fqn[1] in ('tags', 'segments') -%}
        {%- set meta = model.config.get('meta', {}) -%}
        {%- for column in model.columns.values()
            if 'customer_id' in model.columns and 'as_of_date' in model.columns
            and column.name not in ('customer_id', 'as_of_date') -%}
            {%- set entry = {'description': column.description} -%}
            {%- do entry.update(meta.get('folder_tag_defaults', {})) -%}
            {%- do entry.update(meta.get('tag_defaults', {})) -%}
            {%- do entry.update(column.config.get('meta', {}).get('tag', {})) -%}
            {%- set missing = [] -%}
            {%- for field in ['description'] + mandatory if not entry.get(field) -%}
                {%- do missing.append(field) -%}
            {%- endfor -%}
            {%- if missing -%}
                {%- do problems.append(model.name ~ '.' ~ column.name ~ ' does not say: ' ~ missing | join(', ')) -%}
            {%- endif -%}
        {%- endfor -%}
    {%- endfor -%}
    {{ return(problems) }}
{%- endmacro %}
