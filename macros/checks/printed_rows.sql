{# Marks a test whose failing rows are to be read: they say what is wrong, and in the column remedy what to do. When the test
   fails or warns, the end of the run prints them (print_failing_rows). It stands at the head of the test, or around its query.
   For a test whose rows are about customers, `columns` names what may be printed, and rows alike there are one line with
   their number: no line names a person.

       {{ printed_rows(columns=['problem', 'remedy']) }}
       select customer_id, '…' as problem, '…' as remedy from …
#}
{% macro printed_rows(query='', columns=none) -%}
    {{- config(meta={'printed_rows': {'columns': columns}}) -}}
    {{- query -}}
{%- endmacro %}

{# At the end of a run, for each test that failed or warned and is marked by printed_rows: up to twenty lines that say what is
   wrong and what to do, how many rows are left, and where the catalogue explains the checks. A test that passes is not asked again. What fails is printed even under
   --quiet, what warns is not. #}
{% macro print_failing_rows(results, most=20) -%}
    {%- if execute -%}
        {%- for result in results
            if result.node.resource_type == 'test' and result.status in ('fail', 'warn')
            and result.node.config.meta.get('printed_rows') -%}
            {%- set columns = result.node.config.meta['printed_rows']['columns'] -%}
            {%- set failing -%}
                select {{ columns | join(', ') ~ ', count(*) as failing_rows' if columns else '*' }}
                from (
                    {{ result.node.compiled_code }}
                ) as failing
                {% if columns -%}
                group by {{ columns | join(', ') }}
                order by {{ columns | join(', ') }}
                {%- endif %}
                limit {{ most }}
            {%- endset -%}
            {%- set lines = [result.node.name ~ (' warns:' if result.status == 'warn' else ' fails:')] -%}
            {%- set said = namespace(rows=0) -%}
            {%- set explained = [] -%}
            {%- for row in run_query(failing).rows -%}
                {%- set row = row.dict() -%}
                {%- set rows = row.pop('failing_rows', 1) | int -%}
                {%- set remedy = row.pop('remedy', none) -%}
                {%- set text = row.values() | reject('in', [none, '']) | join(': ') -%}
                {%- set test_name = result.node.test_metadata.name if result.node.test_metadata else result.node.name -%}
                {%- do explained.append(row.get('check_name') or test_name) -%}
                {%- do lines.append(
                    '  ' ~ text ~ (' (' ~ rows ~ ' rows)' if rows > 1 else '') ~ '.'
                    ~ (' Remedy: ' ~ remedy ~ '.' if remedy else '')
                ) -%}
                {%- set said.rows = said.rows + rows -%}
            {%- endfor -%}
            {%- if result.failures > said.rows -%}
                {%- do lines.append('  … and ' ~ (result.failures - said.rows) ~ ' more.') -%}
            {%- endif -%}
            {%- do lines.append(
                '  What each checks, why, and how to mend it: site/index.html#!/checks/' ~ explained | unique | join(', #!/checks/')
            ) -%}
            {%- if result.status == 'fail' -%}
                {%- do print(lines | join('\n')) -%}
            {%- else -%}
                {%- do log(lines | join('\n'), info=true) -%}
            {%- endif -%}
        {%- endfor -%}
    {%- endif -%}
{%- endmacro %}
