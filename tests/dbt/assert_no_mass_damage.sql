{{ printed_rows() }}

-- Nothing that the bank delivered is damaged in the mass: a column of codes that nobody mapped, a quarter of a table in
-- quarantine, a batch with a twentieth of its usual rows.
select
    check_name,
    system_name || '.' || table_name as table_name,
    finding as problem,
    remedy
from {{ ref('staging_damage') }}
where severity = 'fail'
order by check_name, system_name, table_name, column_name
