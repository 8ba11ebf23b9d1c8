-- Tables of which the last batch has fewer rows than usual.
-- The loops write one select a table, which stands where a written one would: template blocks don't indent.
-- sqlfluff:indentation:template_blocks_indent:false

with

-- Rows of each batch of the last days, and of the tables that a threshold for their fall names.
batches as (
    {% for table in staged_tables() if table.batched %}
    select
        '{{ table.system }}' as system_name,
        '{{ table.name }}' as table_name,
        dt,
        count(*) as row_count
    from {{ ref('base_' ~ table.system ~ '__' ~ table.name) }}
    where
        dt <= {{ as_of_date() }}
        and dt > {{ days_ago(damage_days()) }}
    group by dt
    {{ 'union all' if not loop.last }}
    {% endfor %}
),

-- The last batch of each table.
last_batches as (
    select
        system_name,
        table_name,
        max(dt) as dt
    from batches
    group by system_name, table_name
),

-- A usual batch is the median of those before the last; fewer than five say nothing of what is usual.
usual_batches as (
    select
        batches.system_name,
        batches.table_name,
        cast(median(batches.row_count) as bigint) as row_count
    from batches
    inner join last_batches
        on
            batches.system_name = last_batches.system_name
            and batches.table_name = last_batches.table_name
            and batches.dt < last_batches.dt
    group by batches.system_name, batches.table_name
    having count(*) >= 5
),

-- The last batch beside a usual one.
staging_damage__falls as (
    select
        'fall_against_batches_before' as check_name,
        batches.system_name,
        batches.table_name,
        '' as column_name,
        usual_batches.row_count - batches.row_count as damaged_rows,
        usual_batches.row_count as judged_rows,
        batches.row_count || ' rows in the batch of ' || batches.dt || ', usually ' || usual_batches.row_count as seen
    from batches
    inner join last_batches
        on
            batches.system_name = last_batches.system_name
            and batches.table_name = last_batches.table_name
            and batches.dt = last_batches.dt
    inner join usual_batches
        on
            batches.system_name = usual_batches.system_name
            and batches.table_name = usual_batches.table_name
    where usual_batches.row_count > batches.row_count
)

select * from staging_damage__falls
