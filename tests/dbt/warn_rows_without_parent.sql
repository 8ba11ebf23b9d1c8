{{ config(severity='warn') }}
{{ printed_rows(columns=['table_name', 'problem', 'remedy']) }}

-- Rows of a source that refer to a row of another one that was never delivered, where they are more than a few: from
-- the share of seed staging_damage_thresholds on. Asked of the batches that no recorded run has tested.
-- The loop writes one select a column, which stands where a written one would: template blocks don't indent.
-- sqlfluff:indentation:template_blocks_indent:false
-- A build of a selection may not have the seed yet, and is asked nothing.
{% set references, parents, tested_until, thresholds = [], [], tested_until(), ref('staging_damage_thresholds') %}
{% set is_asked = execute and load_relation(thresholds) is not none %}
{% for table in staged_tables() %}
{% set relation = source(table.system, table.name) %}
{% set name = 'source.bank_tags.' ~ table.system ~ '.' ~ table.name %}
{% set node = graph.sources[name] if is_asked else {'columns': {}} %}
{% for column in node['columns'].values() if column.config.meta.get('references') %}
        {% set system, parent, key = column.config.meta.references.split('.') %}
        {% do references.append([table, relation, column]) %}
        {% set said = {'system': system, 'name': parent, 'key': key} %}
        {% do parents.append(said) if said not in parents %}
    {% endfor %}
{% endfor %}

{% if not is_asked %}
select
    '' as table_name,
    '' as problem,
    '' as remedy
where 1 = 0
{% else %}
with

-- The keys of each table that another one refers to.
{% for parent in parents %}
{{ parent.system }}_{{ parent.name }}_{{ parent.key }} as (
    select distinct {{ parent.key }} as parent_key
    from {{ source(parent.system, parent.name) }}
),

{% endfor %}
-- Of each column that refers to another table: its rows that name a row there, and those whose row is not there.
referring as (
    {% for table, relation, column in references %}
    {% set system, parent, key = column.config.meta.references.split('.') %}
    select
        '{{ table.system }}' as system_name,
        '{{ table.name }}' as table_name,
        '{{ column.name }}' as column_name,
        '{{ system }}.{{ parent }}' as parent_name,
        count(*) as row_count,
        count(case when parents.parent_key is null then 1 end) as orphans
    from {{ relation }} as referring_rows
    left join {{ system }}_{{ parent }}_{{ key }} as parents
        on referring_rows.{{ column.name }} = parents.parent_key
    where
        referring_rows.{{ column.name }} is not null
        and referring_rows.dt <= {{ as_of_date() }}
        and referring_rows.dt > {{ tested_until }}
    {{ 'union all' if not loop.last }}
    {% endfor %}
),

-- Of the thresholds that meet a column the most exact one counts.
graded as (
    select
        referring.*,
        thresholds.warn_share,
        thresholds.smallest_rows,
        row_number() over (
            partition by referring.system_name, referring.table_name, referring.column_name
            order by
                case when thresholds.column_name is not null then 0 else 1 end,
                case when thresholds.table_name is not null then 0 else 1 end,
                case when thresholds.system_name is not null then 0 else 1 end
        ) as place
    from referring
    inner join {{ thresholds }} as thresholds
        on
            thresholds.check_name = 'rows_without_parent'
            and coalesce(thresholds.system_name, referring.system_name) = referring.system_name
            and coalesce(thresholds.table_name, referring.table_name) = referring.table_name
            and coalesce(thresholds.column_name, referring.column_name) = referring.column_name
)

select
    system_name || '.' || table_name as table_name,
    orphans || ' of ' || row_count || ' rows: ' || column_name || ' is in no row of ' || parent_name as problem,
    'deliver the rows of ' || parent_name || ' that are missing; where it is the truth, a row rows_without_parent of'
    || ' seed staging_damage_thresholds for this column' as remedy
from graded
where
    place = 1
    and orphans >= smallest_rows
    and orphans >= warn_share * row_count
order by table_name, column_name
{% endif %}
