{# Conditions are parsed before a build (banktags/conditions): here a run is refused whose conditions are not those that were. #}

{# At the start of a run, before its first model: every audience and derived tag is parsed as it stands, and no audience asks for what its
   purpose does not admit. #}
{% macro check_conditions() -%}
    {%- if execute and flags.WHICH in ('build', 'run', 'test') -%}
        {#- Where only dbt can read the seed, its table may be that of an earlier run: there check_audiences asks once it is built. -#}
        {%- set conditions = parsed_conditions(or_table=false) -%}
        {%- if conditions is not none -%}
            {%- set problems = problems_of_conditions(conditions) -%}
            {%- if problems -%}
                {%- do refuse_run(problems | join('; ')) -%}
            {%- endif -%}
        {%- endif -%}
    {%- endif -%}
{%- endmacro %}

{# The same where audience_screening is compiled, the first model that reads a condition. A unit test, which has no graph of
   the project, is not asked. #}
{% macro check_audiences() -%}
    {%- if execute and graph.get('nodes') -%}
        {%- set problems = problems_of_conditions(parsed_conditions() or {}) -%}
        {%- if problems -%}
            {{ exceptions.raise_compiler_error(problems | join('; ')) }}
        {%- endif -%}
    {%- endif -%}
{%- endmacro %}

{# Everything that a run is refused for, with what to do about it: files first that nobody has parsed, for of those nothing is known. #}
{% macro problems_of_conditions(conditions) -%}
    {%- set problems, unparsed = [], [] -%}
    {%- for node in graph.nodes.values() if holds_conditions(node) -%}
        {%- if node.config.get('pre-hook') or node.config.get('post-hook') or node.config.get('sql_header') -%}
            {%- do problems.append(node.original_file_path ~ ' is given a hook or a header, which nobody parses: leave them out') -%}
        {%- endif -%}
        {%- do unparsed.append(node.original_file_path) if conditions.get(node.name, {}).checksum != node.checksum.checksum -%}
    {%- endfor -%}
    {%- if unparsed -%}
        {%- do problems.append(unparsed_problem(unparsed)) -%}
    {%- endif -%}
    {%- if problems -%}{{ return(problems) }}{%- endif -%}
    {%- set grounds = grounds_of_audiences(conditions) -%}
    {%- do problems.extend(lowered_tags(conditions, grounds.levels)) -%}
    {%- do problems.extend(unread_audiences()) -%}
    {%- for entry in audience_entries() -%}
        {%- set problem = problems_of_audience(entry, conditions, grounds) -%}
        {%- do problems.append('the audience ' ~ entry.audience ~ ' ' ~ problem) if problem -%}
    {%- endfor -%}
    {{ return(problems) }}
{%- endmacro %}

{# Audiences that would be built past the gates, as a relation of their own, and those that audience_screening does not read. #}
{% macro unread_audiences() -%}
    {%- set problems = [] -%}
    {%- set screening = graph.nodes.get('model.' ~ project_name ~ '.audience_screening') -%}
    {%- for id, node in graph.nodes.items() if node.resource_type == 'model' and node.name.startswith('audience__') -%}
        {%- if node.config.materialized != 'ephemeral' -%}
            {%- do problems.append(
                'the audience ' ~ node.name ~ ' is materialized as ' ~ node.config.materialized ~ ': leave that out, an audience is no relation'
                ~ ' and its members are in audience_members'
            ) -%}
        {%- endif -%}
        {%- if screening and id not in screening.depends_on.nodes -%}
            {%- do problems.append(
                'the audience ' ~ node.name ~ ' is read by nobody: write its name into ' ~ screening.original_file_path
            ) -%}
        {%- endif -%}
    {%- endfor -%}
    {{ return(problems) }}
{%- endmacro %}

{# The derived tags of a lower security level than a tag that they are made of, without an approval on record (seed class_approvals), each
   with the remedy: an audience would read the one where it may not read the other. #}
{% macro lowered_tags(conditions, levels) -%}
    {%- set approved, problems = rows_of_seed('class_approvals', ['tag_code', 'input_tag']), [] -%}
    {%- for model in conditions.values() -%}
        {%- for read_by, tag in model.reads if levels.get(read_by, 9) < levels.get(tag, 0) and [read_by, tag] not in approved -%}
            {%- do problems.append(
                'the tag ' ~ read_by ~ ' of security level ' ~ levels[read_by] ~ ' is made of ' ~ tag ~ ' of level ' ~ levels[tag]
                ~ ': raise its security_level, or have a row of seed class_approvals approved'
            ) -%}
        {%- endfor -%}
    {%- endfor -%}
    {{ return(problems) }}
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
        {%- for tag in tags_of_audience(entry, conditions) -%}
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
    {%- set tags = tags_of_audience(entry, conditions) -%}
    {%- set others = dict(grounds.audiences) -%}
    {%- do others.pop(entry.audience, none) -%}
    {{ return(audience_problems(dict(entry, tags=tags), grounds.policy, grounds.levels, others) | trim) }}
{%- endmacro %}

{# The tags that an audience names: by its condition as parsed, and by its floors as its entry says them. #}
{% macro tags_of_audience(entry, conditions) -%}
    {{ return((conditions.get('audience__' ~ entry.audience, {}).get('tags', []) + entry.min_confidence | list) | unique | list) }}
{%- endmacro %}

{# What was parsed (seed parsed_conditions): of each model the checksum of its file, the tags that it reads, and pairs of a derived tag and
   one that it is made of. None before it is known. #}
{% macro parsed_conditions(or_table=true) -%}
    {%- set rows = rows_of_seed('parsed_conditions', ['model_name', 'checksum', 'read_by', 'tag_code'], or_table) -%}
    {%- if rows is none -%}{{ return(none) }}{%- endif -%}
    {%- set conditions = {} -%}
    {%- for row in rows -%}
        {%- set parsed = conditions.setdefault(row[0], {'checksum': row[1], 'tags': [], 'reads': []}) -%}
        {%- do parsed.tags.append(row[3]) if row[3] -%}
        {%- do parsed.reads.append([row[2], row[3]]) if row[2] and row[3] -%}
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
