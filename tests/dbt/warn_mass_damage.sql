{{ config(severity='warn') }}
{{ printed_rows() }}

-- What comes near to damage in the mass.
select
    check_name,
    system_name || '.' || table_name as table_name,
    finding as problem,
    remedy
from {{ ref('staging_damage') }}
where severity = 'warn'
order by check_name, system_name, table_name, column_name
