-- Control table: one row for each table and business date that was delivered. On the first day every table was, also without a
-- row: the bank begins on that day, and nothing that happened is missing.
create temp view batches as
with

delivered as (
    select * from batch

    union all

    select
        system_name,
        table_name,
        first.dt,
        0 as row_count,
        sha256('') as content_hash
    from (select distinct system_name, table_name from batch) as tables
    cross join (select min(dt) as dt from batch) as first
    where (tables.system_name, tables.table_name, first.dt) not in (select (system_name, table_name, dt) from batch)
)

select
    'DEMO-' || strftime(dt, '%Y%m%d') as batch_id,
    dt as business_date,
    system_name,
    table_name,
    row_count,
    cast(0 as bigint) as rejected_count,
    content_hash,
    dt
from delivered
order by dt, system_name, table_name;
