{# What accumulates from one business date to the next: change logs, and the state that the next date is compared with.

   A history model is incremental, appends the rows of the run's date, and has one of these pre-hooks. The date is first taken back
   if the model holds it already, so that running a date again changes nothing. A run of an earlier date than the last observed
   one looks at the past: it leaves history as it is. A late row changes the night that it comes in, and none before (DECISIONS 56). #}

{# True in a run that moves history: of the last observed date (observed_dates has taken in the run's own), not of an earlier one. #}
{% macro moves_history() -%}
    {{ as_of_date() }} = (select max(as_of_date) from {{ ref('observed_dates') }})
{%- endmacro %}

{# Pre-hook of a change log: its rows of the run's date are taken back. #}
{% macro forget_date() -%}
    {%- if is_incremental() -%}
    {{ forget_rows('as_of_date', 'as_of_date = ' ~ as_of_date() ~ ' and ' ~ moves_history()) }}
    {%- endif -%}
{%- endmacro %}

{# Pre-hook of what is kept for every date that was built, in whatever order: the date's rows are replaced. #}
{% macro replace_date() -%}
    {%- if is_incremental() -%}
    {{ forget_rows('as_of_date', 'as_of_date = ' ~ as_of_date()) }}
    {%- endif -%}
{%- endmacro %}

{# What a log holds from the dates before: the model's own table, or on the first run a relation of these columns without rows. #}
{% macro held_rows(columns) -%}
    {%- if is_incremental() -%}
    {{ this }}
    {%- else -%}
    (
        select
        {%- for name, type in columns.items() %}
            cast(null as {{ type }}) as {{ name }}{{ ',' if not loop.last }}
        {%- endfor %}
        where 1 = 0
    )
    {%- endif -%}
{%- endmacro %}

{# Pre-hook of a state: beside the run's date only the last generation before it stays, which the date is compared with. So the
   table holds two generations, however long history is. #}
{% macro keep_last_generation() -%}
    {%- if is_incremental() -%}
    {%- set last_before = '(select max(as_of_date) from ' ~ this ~ ' where as_of_date < ' ~ as_of_date() ~ ')' -%}
    {{ forget_rows(
        'as_of_date',
        moves_history() ~ ' and (as_of_date >= ' ~ as_of_date() ~ ' or as_of_date < ' ~ last_before ~ ')'
    ) }}
    {%- endif -%}
{%- endmacro %}

{# The tags whose changes are logged: certified, and with a dictionary of values or boolean. With each, under inputs, the tags that
   its rule reads, as the catalogue recorded them. None while dbt parses, in a unit test, and before the catalogue is seeded. #}
{% macro tracked_tags() -%}
    {%- set tracked = [] -%}
    {%- if execute and load_relation(ref('tag_rule_inputs')) -%}
        {%- set inputs = {} -%}
        {%- for row in run_query(
            "select tag_code, input_name from " ~ ref('tag_rule_inputs') ~ " where input_kind = 'tag' order by tag_code, input_name"
        ).rows -%}
            {%- do inputs.setdefault(row[0], []).append(row[1]) -%}
        {%- endfor -%}
        {%- for entry in tag_entries()
            if entry.status == 'certified' and (entry.get('values') or entry.get('values_from')) -%}
            {%- do tracked.append({'code': entry.tag_code, 'inputs': inputs.get(entry.tag_code, [])}) -%}
        {%- endfor -%}
    {%- endif -%}
    {{ return(tracked) }}
{%- endmacro %}

{# The columns that tracking needs: the tracked tags and what their rules read, each once. #}
{% macro tracked_columns() -%}
    {%- set columns = [] -%}
    {%- for tag in tracked_tags() -%}
        {%- for column in [tag.code] + tag.inputs if column not in columns -%}{%- do columns.append(column) -%}{%- endfor -%}
    {%- endfor -%}
    {{ return(columns) }}
{%- endmacro %}

{# For each tracked tag its code where two generations of a customer differ in it, else null. #}
{% macro differing_tags(tags, before, after) -%}
    {%- set differing = [] -%}
    {%- for tag in tags -%}
        {%- do differing.append(
            "case when " ~ before ~ "." ~ tag.code ~ " is distinct from " ~ after ~ "." ~ tag.code ~ " then '" ~ tag.code ~ "' end"
        ) -%}
    {%- endfor -%}
    {{ return(differing or ["cast(null as string)"]) }}
{%- endmacro %}

{# The value, as text, of the tag that the row's tag_code names. #}
{% macro value_by_tag(tags, generation) -%}
    {%- if tags -%}
        case differences.tag_code
            {%- for tag in tags %}
            when '{{ tag.code }}' then cast({{ generation }}.{{ tag.code }} as string)
            {%- endfor %}
        end
    {%- else -%}
        cast(null as string)
    {%- endif -%}
{%- endmacro %}

{# What the rule of the tag that the row's tag_code names reads, as a JSON object; null where it reads no tags. #}
{% macro inputs_by_tag(tags, generation) -%}
    {%- if tags | selectattr('inputs') | list -%}
        case differences.tag_code
            {%- for tag in tags if tag.inputs %}
            when '{{ tag.code }}' then {{ json_text(generation, tag.inputs) }}
            {%- endfor %}
        end
    {%- else -%}
        cast(null as string)
    {%- endif -%}
{%- endmacro %}

{# Fingerprint of rows of the control table core.batches. banktags/nightly/batches.py computes the same from the landing zone. #}
{% macro delivery_digest() -%}
    {{ sha256_hex(dbt.listagg(
        "system_name || '.' || table_name || ' ' || cast(row_count as string) || ' ' || content_hash", "','",
        "order by system_name, table_name, batch_id, content_hash"
    )) }}
{%- endmacro %}
