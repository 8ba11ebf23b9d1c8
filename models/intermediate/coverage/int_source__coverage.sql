-- What each source table of the contract covers: whether it was ever delivered, from which day on, and when last.
-- Reads the control table, and one column of the first batch of each table whose rows have a day (DECISIONS 70).

with

source_tables as (
    {% for table in staged_tables() %}
        {{ 'union all' if not loop.first }}
        select
            '{{ table.system }}' as system_name,
            '{{ table.name }}' as table_name
    {% endfor %}
),

deliveries as (
    select
        system_name,
        table_name,
        min(business_date) as first_batch_date,
        max(business_date) as last_batch_date,
        count(distinct business_date) as batch_count
    from {{ ref('stg_core__batches') }}
    group by system_name, table_name
),

-- The days that the rows of each first batch are about.
first_batch_days as (
    {% for table in dated_sources() %}
        {{ 'union all' if not loop.first }}
        select
            deliveries.system_name,
            deliveries.table_name,
            {{ 'true' if table.is_version else 'false' }} as is_version,
            {{ table.lag_days or 0 }} as lag_days,
            base_rows.{{ table.date }} as happened_date,
            count(*) as row_count
        from deliveries
        inner join {{ ref('base_' ~ table.system ~ '__' ~ table.name) }} as base_rows
            on deliveries.first_batch_date = base_rows.dt
        where
            deliveries.system_name = '{{ table.system }}'
            and deliveries.table_name = '{{ table.name }}'
            and base_rows.{{ table.date }} <= deliveries.first_batch_date
        group by deliveries.system_name, deliveries.table_name, base_rows.{{ table.date }}
    {% endfor %}
),

judged_days as (
    select
        first_batch_days.system_name,
        first_batch_days.table_name,
        first_batch_days.is_version,
        first_batch_days.happened_date,
        first_batch_days.row_count,
        {{ dbt.datediff('first_batch_days.happened_date', 'deliveries.first_batch_date', 'day') }}
        > first_batch_days.lag_days as is_earlier,
        max(first_batch_days.row_count) over (
            partition by first_batch_days.system_name, first_batch_days.table_name
        ) as busiest_day_rows
    from first_batch_days
    inner join deliveries
        on
            first_batch_days.system_name = deliveries.system_name
            and first_batch_days.table_name = deliveries.table_name
),

-- History was loaded where most rows are of earlier days; else these are late rows of days that are not covered.
-- History begins with the first day that has a hundredth of the busiest day's rows: fewer are strays.
histories as (
    select
        system_name,
        table_name,
        case
            when is_version then cast('0001-01-01' as date)
            else min(case when 100 * row_count >= busiest_day_rows then happened_date end)
        end as history_from
    from judged_days
    group by system_name, table_name, is_version
    having 2 * sum(case when is_earlier then row_count else 0 end) >= sum(row_count)
),

-- Tables without a day are full when they first come.
dated_tables as (
    {% for table in dated_sources() %}
        {{ 'union all' if not loop.first }}
        select
            '{{ table.system }}' as system_name,
            '{{ table.name }}' as table_name
    {% endfor %}
),

coverage as (
    select
        source_tables.system_name,
        source_tables.table_name,
        source_tables.system_name || '.' || source_tables.table_name as source_table,
        deliveries.first_batch_date is not null as is_delivered,
        case
            when deliveries.first_batch_date is null then null
            when dated_tables.table_name is null then cast('0001-01-01' as date)
            else coalesce(histories.history_from, deliveries.first_batch_date)
        end as covered_from,
        deliveries.first_batch_date,
        deliveries.last_batch_date,
        coalesce(deliveries.batch_count, 0) as batch_count,
        {{ as_of_date() }} as as_of_date
    from source_tables
    left join deliveries
        on
            source_tables.system_name = deliveries.system_name
            and source_tables.table_name = deliveries.table_name
    left join dated_tables
        on
            source_tables.system_name = dated_tables.system_name
            and source_tables.table_name = dated_tables.table_name
    left join histories
        on
            source_tables.system_name = histories.system_name
            and source_tables.table_name = histories.table_name
)

select * from coverage
