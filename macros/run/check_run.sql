{# What a run is refused for before it builds anything: its variables (macros/run/variables.sql), its date, and inputs of another date
   (DECISIONS 74). #}

{# At the start of a run that builds models or tests: the date lies in the extracts, what is not built anew stands on it too, and the
   policy seeds have rows for the currency. #}
{% macro check_run() -%}
    {%- if execute and flags.WHICH in ('build', 'run', 'test') -%}
        {%- set inputs = unselected_inputs() -%}
        {%- if flags.WHICH != 'test' and ' model.' in ' ' ~ selected_resources | join(' ') -%}
            {%- do check_business_date() -%}
            {%- do check_seeds(inputs.seeds) -%}
        {%- endif -%}
        {%- do check_inputs(inputs.dated_tables) -%}
    {%- endif -%}
{%- endmacro %}

{# No batch after the last complete one has been delivered: a build of such a date would record a night that never was. #}
{% macro check_business_date() -%}
    {%- set date, delivered = business_date(), delivered_dates() -%}
    {%- set lacking = ' (' ~ delivered.lacking ~ ')' if delivered.lacking else '' -%}
    {%- if delivered.last is none -%}
        {%- if delivered.lacking or not var('as_of_date') -%}
            {%- do refuse_run('the extracts have no complete batch' ~ lacking ~ ": land one with banktags load") -%}
        {%- endif -%}
    {%- elif date > delivered.last -%}
        {%- do refuse_run(
            'as_of_date is ' ~ date ~ ', and the last complete batch is of ' ~ delivered.last ~ lacking
            ~ ': build that date, or land the batch of ' ~ date ~ ' with banktags load'
        ) -%}
    {%- elif date < delivered.first -%}
        {%- do refuse_run('as_of_date is ' ~ date ~ ', and the extracts begin on ' ~ delivered.first) -%}
    {%- elif lacking and not var('as_of_date') -%}
        {%- do exceptions.warn('The newest batch is not complete' ~ lacking ~ ': this run stands on ' ~ date) -%}
    {%- endif -%}
{%- endmacro %}

{# Every policy seed that the run reads and that has rows by currency has some for the base currency, and the home country is one. #}
{% macro check_seeds(seeds) -%}
    {%- for seed in seeds -%}
        {%- set types = seed.config.column_types or {} -%}
        {%- if 'currency' in types and 'valid_from' in types -%}
            {%- set currencies = seed_file_values(seed, 'currency') -%}
            {%- if currencies and base_currency() not in currencies -%}
                {%- do refuse_run(
                    'base_currency is ' ~ base_currency() ~ ', and seed ' ~ seed.name ~ ' has rows for ' ~ currencies | sort | join(', ')
                    ~ ' only: run banktags new currency ' ~ base_currency() ~ ', and review the rows that it writes'
                ) -%}
            {%- endif -%}
        {%- endif -%}
    {%- endfor -%}
    {%- for seed in graph.nodes.values() if seed.resource_type == 'seed' and seed.name == 'countries' -%}
        {%- set countries = seed_file_values(seed, 'country_code') -%}
        {%- if countries and var('home_country') not in countries -%}
            {%- do refuse_run('home_country is ' ~ var('home_country') ~ ', and seed countries has no such code') -%}
        {%- endif -%}
    {%- endfor -%}
{%- endmacro %}

{# Tables of one business date that the run reads and does not build stand on its date. A full build has none. #}
{% macro check_inputs(tables) -%}
    {%- set stand = [] -%}
    {%- for table in tables -%}
        {%- set relation = adapter.get_relation(table.database, table.schema, table.alias) -%}
        {%- if relation -%}
            {%- do stand.append(
                "select '" ~ table.name ~ "' as table_name, cast(min(as_of_date) as string) as as_of_date from " ~ relation
                ~ " having min(as_of_date) <> " ~ as_of_date()
            ) -%}
        {%- endif -%}
    {%- endfor -%}
    {%- if stand -%}
        {%- for row in run_query(stand | join(' union all ') ~ ' order by table_name limit 1').rows -%}
            {%- do refuse_run(
                'as_of_date is ' ~ business_date() ~ ', and ' ~ row[0] ~ ', which the selection reads and does not build, stands on ' ~ row[1]
                ~ ": build that date (--vars 'as_of_date: " ~ row[1] ~ "'), or select what is read too (+ before the name), or build all"
            ) -%}
        {%- endfor -%}
    {%- endif -%}
{%- endmacro %}

{# What stands upstream of the selected resources: the seeds, selected or not, and the tables that are not selected and hold one
   business date. History is of many dates, and a view is what its tables are. #}
{% macro unselected_inputs() -%}
    {%- set selected, seen, found = {}, {}, {'seeds': [], 'dated_tables': []} -%}
    {%- for resource in selected_resources -%}{%- do selected.update({resource: true}) -%}{%- endfor -%}
    {%- do walk_upstream(selected_resources, selected, seen, found) -%}
    {{ return(found) }}
{%- endmacro %}

{% macro walk_upstream(resources, selected, seen, found) -%}
    {%- for resource in resources if resource in graph.nodes and resource not in seen -%}
        {%- do seen.update({resource: true}) -%}
        {%- set node = graph.nodes[resource] -%}
        {%- if node.resource_type == 'seed' -%}
            {%- do found.seeds.append(node) -%}
        {%- elif resource not in selected and node.config.materialized == 'table' and 'as_of_date' in node.columns -%}
            {%- do found.dated_tables.append(node) -%}
        {%- endif -%}
        {%- do walk_upstream(node.depends_on.nodes or [], selected, seen, found) -%}
    {%- endfor -%}
{%- endmacro %}
