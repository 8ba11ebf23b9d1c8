{# All audiences by name, as the graph has them: what the entry of each says (meta of its YAML), its name, description and condition.
   None while dbt parses and in a unit test, which may give its own. #}
{% macro audience_entries() -%}
    {%- set entries = [] -%}
    {%- for node in graph.get('nodes', {}).values() if node.resource_type == 'model' and node.name.startswith('audience__') -%}
        {%- do entries.append(audience_entry(node)) -%}
    {%- endfor -%}
    {{ return(entries | sort(attribute='audience')) }}
{%- endmacro %}

{# What one audience is. A field that its meta does not say is empty; `faults` says what is wrong with what it says, with the remedy. #}
{% macro audience_entry(node) -%}
    {%- set meta = node.config.get('meta', {}) -%}
    {%- set said = meta.get('audience') -%}
    {%- set faults = [] -%}
    {%- set entry = {
        'name_zh': none, 'purpose': none, 'owner': none, 'product': none, 'scenario': none, 'priority': none,
        'channels': [], 'including': [], 'excluding': [], 'min_confidence': {},
    } -%}
    {%- if said is not mapping -%}
        {%- do faults.append("has no entry: write config: {meta: {audience: {name_zh: …, purpose: …, owner: …}}} beside its description") -%}
        {%- set said = {} -%}
    {%- endif -%}
    {%- for field, value in said.items() if value is not none -%}
        {%- if field not in entry -%}
            {%- do faults.append("says " ~ field ~ ", which is no field of an audience: take one of " ~ entry | join(', ')) -%}
        {%- elif field == 'priority' and value is not integer -%}
            {%- do faults.append("says priority " ~ value ~ ": write a whole number, 1 is served first") -%}
        {%- elif field == 'min_confidence' and (value is not mapping or not are_floors(value.values())) -%}
            {%- do faults.append("says min_confidence " ~ value ~ ": write {tag: 0.8}, a confidence is a number from 0 to 1") -%}
        {%- elif field in ['channels', 'including', 'excluding'] and not are_names(value) -%}
            {%- do faults.append("says " ~ field ~ " " ~ value ~ ": write a list of names, as [name]") -%}
        {%- elif field in ['name_zh', 'purpose', 'owner', 'product', 'scenario'] and value is not string -%}
            {%- do faults.append("says " ~ field ~ " " ~ value ~ ", which is no text: put it in quotes") -%}
        {%- else -%}
            {%- do entry.update({field: value}) -%}
        {%- endif -%}
    {%- endfor -%}
    {{ return(dict(entry, **{
        'audience': node.name | replace('audience__', ''), 'description': node.description, 'predicate': condition_of(node.raw_code),
        'faults': faults,
    })) }}
{%- endmacro %}

{# Whether something is a list of names, and whether each of some values is a confidence. #}
{% macro are_names(listed) -%}
    {{ return(listed is sequence and listed is not string and listed is not mapping and listed | reject('string') | list == []) }}
{%- endmacro %}

{% macro are_floors(values) -%}
    {{ return(values | reject('boolean') | select('number') | select('ge', 0) | select('le', 1) | list | length == values | length) }}
{%- endmacro %}

{# The condition of an audience as SQL: what stands behind `where` in its model, which banktags/conditions/audience_models.py reads
   likewise; within_days as it is computed. #}
{% macro condition_of(code) -%}
    {%- set begin = "(?is)(?:\\s|--[^\\n]*\\n)*select\\s+customer_id\\s+from\\s+\\{\\{[^}]*\\}\\}\\s+where\\b" -%}
    {%- set within = "\\{\\{-?[ ]*within_days\\([ ]*'(\\w+)'[ ]*,[ ]*(\\d+)[ ]*\\)[ ]*-?\\}\\}" -%}
    {%- set condition = modules.re.sub(begin, '', code, count=1) | trim -%}
    {{ return(modules.re.sub(within, 'coalesce(\\1_recency_days < \\2, false)', condition)) }}
{%- endmacro %}

{# What the audiences say as a list, a row each: `said` is a channel, another audience or a tag, `place` its place in the list, `value`
   what stands beside it, as the floor of a tag. #}
{% macro rows_of_audiences(field) -%}
    {%- set rows = [] -%}
    {%- for entry in audience_entries() -%}
        {%- set listed = entry.get(field) or [] -%}
        {%- for said in listed -%}
            {%- do rows.append({
                'audience': entry.audience, 'said': said, 'place': loop.index,
                'value': listed[said] if listed is mapping else none,
            }) -%}
        {%- endfor -%}
    {%- endfor -%}
    {{ return(rows) }}
{%- endmacro %}

{# Whom the conditions of these audiences find, from the select of each. #}
{% macro found_by_audiences(audiences) -%}
    {%- for audience in audiences %}
    select
        '{{ audience }}' as audience,
        customer_id
    from {{ ref('audience__' ~ audience) }}
    {{ 'union all' if not loop.last }}
    {%- endfor %}
{%- endmacro %}

{# Nobody, as members are known before the first audience is settled. #}
{% macro nobody() -%}
    select
        cast(null as string) as audience,
        cast(null as string) as customer_id
    where 1 = 0
{%- endmacro %}

{# How many audiences stand behind one another by the sets that they include and exclude, at most: so often audience_members asks who is a
   member before the last answer is right. None names itself, by whatever way: audience_problems. #}
{% macro rounds_of_sets() -%}
    {%- set entries = audience_entries() -%}
    {%- set depths = {} -%}
    {%- for _ in entries -%}
        {%- for entry in entries -%}
            {%- set behind = [0] -%}
            {%- for other in (entry.get('including') or []) + (entry.get('excluding') or []) -%}
                {%- do behind.append(depths.get(other, 0) + 1) -%}
            {%- endfor -%}
            {%- do depths.update({entry.audience: behind | max}) -%}
        {%- endfor -%}
    {%- endfor -%}
    {{ return(depths.values() | max if depths else 0) }}
{%- endmacro %}

{# True where something that the tags date happened within the last days, today being day 0; never, or not known, is not within.
   `not` therefore finds those, too, of whom nothing is known: who did nothing in a window (近三月无理财产品购买) is better asked by
   a tag that counts it, has_no_wealth_purchase_90d, which is null where the orders do not cover the window. #}
{% macro within_days(event, days) -%}
    coalesce({{ event }}_recency_days < {{ days }}, false)
{%- endmacro %}

{# Drops the tables that audiences had of their own when each was a relation: one that nobody builds any more would tell for ever whom the
   gates of its last night let through. #}
{% macro drop_former_audiences() -%}
    {%- if execute -%}
        {%- for entry in audience_entries() -%}
            {%- set former = adapter.get_relation(this.database, this.schema, 'audience__' ~ entry.audience) -%}
            {%- do adapter.drop_relation(former) if former -%}
        {%- endfor -%}
    {%- endif -%}
{%- endmacro %}

{# How audiences were written before: refused, with how the same audience is written now. #}
{% macro audience() -%}
    {%- set said = [] -%}
    {%- for field, value in kwargs.items() -%}
        {#- Names without quotes, as YAML has them, and Chinese as it is. -#}
        {%- do said.append(field ~ ': ' ~ (value | string | replace("'", ''))) -%}
    {%- endfor -%}
    {%- set condition = modules.re.sub('\\s+', ' ', modules.re.sub('--[^\\n]*', '', caller())) | trim -%}
    {{ exceptions.raise_compiler_error(
        "an audience is a select now, no call of macro audience: write the file " ~ model.original_file_path
        ~ " as  select customer_id from {{ ref('customer_tags') }} where " ~ condition ~ "  and what the call said into its entry in YAML:"
        ~ "  - name: " ~ model.name ~ "  config: {meta: {audience: {" ~ said | join(', ') ~ "}}}  (CONTRIBUTING.md, Add an audience)"
    ) }}
{%- endmacro %}
