-- Control table: one row for each table and business date that was delivered.
create temp view batches as
select
    'DEMO-' || strftime(dt, '%Y%m%d') as batch_id,
    dt as business_date,
    system_name,
    table_name,
    row_count,
    cast(0 as bigint) as rejected_count,
    content_hash,
    dt
from batch
order by dt, system_name, table_name;
