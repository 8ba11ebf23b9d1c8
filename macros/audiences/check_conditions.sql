{# Conditions are parsed before a build (banktags/conditions): here a run is refused whose conditions are not those that were. #}

{# At the start of a run, before its first model: every audience and derived tag is parsed as it stands, and no audience asks for what its
   purpose does not admit. #}
{% macro check_conditions() -%}
    {%- if execute and flags.WHICH in ('build', 'run', 'test') -%}
        {#- Where only dbt can read the seed, its table may be that of an earlier run: there each audience is checked as it is compiled. -#}
        {%- set conditions = parsed_conditions(or_table=false) -%}
        {%- if conditions is not none -%}
            {%- set unparsed = [] -%}
            {%- for node in graph.nodes.values() if holds_conditions(node) -%}
                {%- do unparsed.append(node.original_file_path) if conditions.get(node.name, {}).checksum != node.checksum.checksum -%}
            {%- endfor -%}
            {%- if unparsed -%}
                {%- do refuse_run(unparsed_problem(unparsed)) -%}
            {%- endif -%}
            {%- set problems, grounds = [], grounds_of_audiences(conditions) -%}
            {%- for entry in audience_entries() -%}
                {%- set problem = problems_of_audience(entry, conditions, grounds) -%}
                {%- do problems.append('audience ' ~ entry.audience ~ ' ' ~ problem) if problem -%}
            {%- endfor -%}
            {%- if problems -%}
                {%- do refuse_run(problems | join('. The ')) -%}
            {%- endif -%}
        {%- endif -%}
    {%- endif -%}
{%- endmacro %}

{# Stops the run where an audience asks for what its purpose does not admit, or is not the one that was parsed, with what to do about it. A
   unit test, which has no graph of the project, is not asked. #}
{% macro check_audience(name, entry) -%}
    {%- if execute and graph.get('nodes') -%}
        {%- set conditions = parsed_conditions() or {} -%}
        {%- set short_name = name | replace('audience__', '') -%}
        {%- set problem = problems_of_audience(dict(entry, audience=short_name), conditions, grounds_of_audiences(conditions)) -%}
        {%- if problem -%}
            {{ exceptions.raise_compiler_error("audience " ~ name ~ " " ~ problem) }}
        {%- endif -%}
        {%- for node in graph.nodes.values() if node.unique_id == model.unique_id and holds_conditions(node) -%}
            {%- if conditions.get(node.name, {}).checksum != node.checksum.checksum -%}
                {{ exceptions.raise_compiler_error(unparsed_problem([node.original_file_path])) }}
            {%- endif -%}
        {%- endfor -%}
    {%- endif -%}
{%- endmacro %}

{# Whether the SQL of a node is made of a condition that a person wrote: an audience, or a derived tag. #}
{% macro holds_conditions(node) -%}
    {{ return(
        node.resource_type == 'model' and (
            node.name.startswith('audience__') or node.fqn[1:3] == ['tags', 'derived'] or 'audience' in node.config.get('meta', {})
        )
    ) }}
{%- endmacro %}

{% macro unparsed_problem(files) -%}
    {{ return(
        'the conditions in ' ~ files | join(', ') ~ ' are not those that were parsed: run banktags catalogue conditions, which says what'
        ~ ' is not admitted (an audience is models/audiences/audience__<name>.sql)'
    ) }}
{%- endmacro %}

{# By what audiences are judged: the level of each tag, the policy of each purpose, and what each audience is. #}
{% macro grounds_of_audiences(conditions) -%}
    {%- set levels, audiences = {}, {} -%}
    {%- for tag in tag_entries() -%}{%- do levels.update({tag.tag_code: tag.security_level}) -%}{%- endfor -%}
    {%- for entry in audience_entries() -%}
        {%- set level = namespace(highest=0) -%}
        {%- for tag in conditions.get('audience__' ~ entry.audience, {}).get('tags', []) -%}
            {%- set level.highest = [level.highest, levels.get(tag, 0)] | max -%}
        {%- endfor -%}
        {%- do audiences.update({entry.audience: {
            'purpose': entry.purpose, 'including': entry.including, 'excluding': entry.excluding, 'level': level.highest,
        }}) -%}
    {%- endfor -%}
    {{ return({'levels': levels, 'policy': purpose_policy(), 'audiences': audiences}) }}
{%- endmacro %}

{# What an audience asks for that its purpose does not admit; empty where nothing is wrong. #}
{% macro problems_of_audience(entry, conditions, grounds) -%}
    {%- set tags = conditions.get('audience__' ~ entry.audience, {}).get('tags', []) -%}
    {%- set others = dict(grounds.audiences) -%}
    {%- do others.pop(entry.audience, none) -%}
    {{ return(audience_problems(dict(entry, tags=tags), grounds.policy, grounds.levels, others) | trim) }}
{%- endmacro %}

{# What was parsed (seed parsed_conditions): of each model the checksum of its file, and the tags that it reads. None before it is known. #}
{% macro parsed_conditions(or_table=true) -%}
    {%- set rows = rows_of_seed('parsed_conditions', ['model_name', 'checksum', 'tag_code'], or_table) -%}
    {%- if rows is none -%}{{ return(none) }}{%- endif -%}
    {%- set conditions = {} -%}
    {%- for row in rows -%}
        {%- set parsed = conditions.setdefault(row[0], {'checksum': row[1], 'tags': []}) -%}
        {%- do parsed.tags.append(row[2]) if row[2] -%}
    {%- endfor -%}
    {{ return(conditions) }}
{%- endmacro %}

{# What each purpose may do (seed audience_purposes), as macro audience_problems takes it; empty before it is known. #}
{% macro purpose_policy() -%}
    {%- set columns = ['purpose', 'max_security_level', 'may_name_product', 'channels', 'scenarios'] -%}
    {%- set policy = {} -%}
    {%- for row in rows_of_seed('audience_purposes', columns) or [] -%}
        {%- do policy.update({row[0]: {
            'max_security_level': row[1] | int, 'may_name_product': row[2] == 'true',
            'channels': row[3].split('|') | reject('equalto', '') | list, 'scenarios': row[4].split('|'),
        }}) -%}
    {%- endfor -%}
    {{ return(policy) }}
{%- endmacro %}

{# The rows of a seed as texts, empty where null: of its file, else of its table; none where neither can be read. #}
{% macro rows_of_seed(name, columns, or_table=true) -%}
    {%- set separator = '~~' -%}
    {%- set texts = [] -%}
    {%- for column in columns -%}{%- do texts.append("coalesce(cast(" ~ column ~ " as string), '')") -%}{%- endfor -%}
    {%- set row = texts | join(" || '" ~ separator ~ "' || ") -%}
    {%- set seed = graph.nodes.get('seed.' ~ project_name ~ '.' ~ name) -%}
    {%- if not seed -%}{{ return([]) }}{%- endif -%}
    {%- set lines = seed_file_values(seed, row) -%}
    {%- if lines is none and or_table and load_relation(ref(name)) -%}
        {%- set lines = run_query('select ' ~ row ~ ' as line from ' ~ ref(name)).columns[0].values() | list -%}
    {%- endif -%}
    {%- if lines is none -%}{{ return(none) }}{%- endif -%}
    {%- set rows = [] -%}
    {%- for line in lines | sort -%}{%- do rows.append(line.split(separator)) -%}{%- endfor -%}
    {{ return(rows) }}
{%- endmacro %}

{# The audiences through which the tags of each audience are known, as rows: `way` says whether its own condition names them (named), a
   member may be told by them through a set (told), or whom they tell of is left out (barred). #}
{% macro lineage_of_audiences() -%}
    {%- set sets, traced, rows = {}, {}, [] -%}
    {%- for entry in audience_entries() -%}
        {%- do sets.update({entry.audience: {'including': entry.including, 'excluding': entry.excluding}}) -%}
    {%- endfor -%}
    {%- do trace_sets(sets, traced) -%}
    {%- for name, known in traced.items() -%}
        {%- do rows.append({'audience': name, 'read_audience': name, 'way': 'named'}) -%}
        {%- for way in ['told', 'barred'] -%}
            {%- for other in known[way] -%}{%- do rows.append({'audience': name, 'read_audience': other, 'way': way}) -%}{%- endfor -%}
        {%- endfor -%}
    {%- endfor -%}
    {{ return(rows) }}
{%- endmacro %}

{# All that an audience is made of, as text: what it says of itself, and the same of the audiences that it includes and excludes. #}
{% macro definition_of(entry, entries) -%}
    {%- set said = [] -%}
    {%- for field in ['predicate', 'purpose', 'product', 'channels', 'min_confidence'] -%}{%- do said.append(entry[field]) -%}{%- endfor -%}
    {%- for field in ['including', 'excluding'] -%}
        {%- set others = [] -%}
        {%- for other in entries if other.audience in entry[field] -%}
            {%- do others.append([other.audience, local_md5(definition_of(other, entries))]) -%}
        {%- endfor -%}
        {%- do said.append(others) -%}
    {%- endfor -%}
    {{ return(tojson(said, sort_keys=true)) }}
{%- endmacro %}
