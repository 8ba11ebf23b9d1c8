{{ config(severity='warn') }}

-- What comes near to damage in the mass; each finding is printed with what to do about it.
{% set findings %}
    select
        check_name,
        system_name || '.' || table_name as table_name,
        finding || '. Remedy: ' || remedy || '.' as problem
    from {{ ref('staging_damage') }}
    where severity = 'warn'
    order by check_name, system_name, table_name, column_name
{% endset %}

{{ printed_rows(findings) }}
