-- What is damaged in each table, by what was seen: each value that could not be used, and each row set aside. What
-- stands for no value is no damage.
-- The loops write one select a table, which stands where a written one would: template blocks don't indent.
-- sqlfluff:indentation:template_blocks_indent:false

with

{% for table in staged_tables() %}
{% set columns = optional_columns().get(table.system ~ '.' ~ table.name, {}) %}
-- What stands, and what is set aside for a fault of its own.
{{ table.name }}_judged as (
    {{ rows_judged(table) }}
),

-- The fault of each row set aside; of a code that is not known its shape too.
{{ table.name }}_rejected as (
    select
        case
            when fault like 'unknown%'
                then
                    fault || ' '
                    || {{ value_shape(json_value(row_as_text(table.name ~ '_judged'), 'substr(fault, 9)')) }}
            else fault
        end as seen
    from {{ table.name }}_judged
    where is_rejected
),

{% if columns %}
-- The shapes of the values that could not be used, each with its column.
{{ table.name }}_told as (
    select {{ unfold(split_texts('unknown_shapes', columns | length)) }} as told
    from {{ table.name }}_judged
    where
        unknown_shapes is not null
        and not is_rejected
),

{% endif %}
{% endfor %}
-- Both in one shape, with how often each was seen.
staging_damage__seen as (
    {% for table in staged_tables() %}
    select
        'quarantined_rows' as check_name,
        '{{ table.system }}' as system_name,
        '{{ table.name }}' as table_name,
        '' as column_name,
        seen,
        count(*) as row_count
    from {{ table.name }}_rejected
    group by seen

    {% if (table.system ~ '.' ~ table.name) in optional_columns() %}
    union all

    select
        'values_set_to_unknown' as check_name,
        '{{ table.system }}' as system_name,
        '{{ table.name }}' as table_name,
        {{ dbt.split_part('told', "'='", 1) }} as column_name,
        {{ dbt.split_part('told', "'='", 2) }} as seen,
        count(*) as row_count
    from {{ table.name }}_told
    where told not like '%=none'
    group by told

    {% endif %}
    {{ 'union all' if not loop.last }}
    {% endfor %}
)

select * from staging_damage__seen
