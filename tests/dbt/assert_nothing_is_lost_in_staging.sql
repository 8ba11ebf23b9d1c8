-- Nothing is lost silently: for every source table, rows delivered = rows staged + rows in quarantine.
-- A row here is a table that does not add up, and what to do about it.
select
    system_name,
    table_name,
    source_rows,
    staged_rows,
    quarantined_rows,
    'dbt build --full-refresh -s base_' || system_name || '__' || table_name || '+' as remedy
from {{ ref('staging_quality') }}
where source_rows <> staged_rows + quarantined_rows
