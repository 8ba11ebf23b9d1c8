{{ printed_rows() }}

-- Nothing is lost silently: for every source table, rows delivered = rows staged + rows in quarantine.
select
    system_name,
    table_name,
    source_rows,
    staged_rows,
    quarantined_rows,
    'rows delivered (the first number) are not those staged and in quarantine' as problem,
    'stage the table anew: dbt build --full-refresh -s base_' || system_name || '__' || table_name || '+' as remedy
from {{ ref('staging_quality') }}
where source_rows <> staged_rows + quarantined_rows
