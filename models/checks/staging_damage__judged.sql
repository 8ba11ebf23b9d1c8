-- Of how many rows, or known values, damage may be a share: one row a table and one a column that may be unknown.
-- The loops write one select a table, which stands where a written one would: template blocks don't indent.
-- sqlfluff:indentation:template_blocks_indent:false

with

{% for table in staged_tables() %}
{% set columns = optional_columns().get(table.system ~ '.' ~ table.name, {}) %}
-- What stands, and what is set aside for a fault of its own.
{{ table.name }}_judged as (
    {{ rows_judged(table) }}
),

-- How many rows there are, and how many values of each column stand.
{{ table.name }}_counted as (
    select
        {% for column, base_column in columns.items() %}
        count(case
            when
                not is_rejected
                and coalesce(position(',{{ column }},' in ',' || unknown_values || ','), 0) = 0
                then {{ base_column }}
        end) as {{ column }}_count,
        {% endfor %}
        '{{ table.name }}' as table_name,
        count(*) as row_count
    from {{ table.name }}_judged
),

{% endfor %}
staging_damage__judged as (
    {% for table in staged_tables() %}
    select
        'quarantined_rows' as check_name,
        '{{ table.system }}' as system_name,
        table_name,
        '' as column_name,
        row_count
    from {{ table.name }}_counted

    {% for column in optional_columns().get(table.system ~ '.' ~ table.name, {}) %}
    union all

    select
        'values_set_to_unknown' as check_name,
        '{{ table.system }}' as system_name,
        table_name,
        '{{ column }}' as column_name,
        {{ column }}_count as row_count
    from {{ table.name }}_counted

    {% endfor %}
    {{ 'union all' if not loop.last }}
    {% endfor %}
)

select * from staging_damage__judged
