{# Tables that keep what they were built of on other dates: no run may drop one, for nothing brings those dates back at once
   (DECISIONS 55). #}

{# At the start of every run that builds: a model that adds to what it holds is made anew by a full refresh only if it can be, from the
   landed extracts that it reads itself. Every other one has full_refresh false, of its folder or its own. #}
{% macro check_kept_tables() -%}
    {%- if execute and flags.WHICH in ('build', 'run') -%}
        {%- for model in graph.nodes.values()
            if model.resource_type == 'model' and model.package_name == project_name and is_unprotected(model) -%}
            {%- do refuse_run(
                model.original_file_path ~ ': ' ~ model.name ~ ' keeps what it was built of on other dates, and a full refresh would drop it: '
                ~ 'write full_refresh=false into its config, or put it into models/history'
            ) -%}
        {%- endfor -%}
    {%- endif -%}
{%- endmacro %}

{# Whether a full refresh would lose rows of a model: it is incremental, reads no landed extract itself, and is not spared. #}
{% macro is_unprotected(model) -%}
    {%- set ends = [] -%}
    {%- for unique_id in model.depends_on.nodes if unique_id.startswith('source.') -%}{%- do ends.append(unique_id) -%}{%- endfor -%}
    {{ return(model.config.materialized == 'incremental' and not ends and model.config.full_refresh is not false) }}
{%- endmacro %}
