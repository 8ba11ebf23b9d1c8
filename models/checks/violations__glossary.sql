-- Terms of the glossary whose column is not there.

{{ config(materialized='view') }}

with

violations as (
    select
        'glossary_resolves' as check_name,
        'glossary: ' || glossary.term as subject,
        'no model or seed has the column ' || glossary.implemented_by as problem,
        'correct implemented_by in seed glossary' as remedy
    from {{ ref('glossary') }} as glossary
    left join {{ ref('warehouse_columns') }} as documented
        on glossary.implemented_by = documented.relation_name || '.' || documented.column_name
    where documented.column_name is null
)

select * from violations
