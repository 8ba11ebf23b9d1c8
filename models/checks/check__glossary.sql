-- Whether each term of the glossary is a column that is there.

{{ config(materialized='view') }}

with

check_glossary as (
    select
        'glossary_resolves' as check_name,
        cast(null as string) as tag_code,
        'glossary: ' || glossary.term as subject,
        case
            when documented.column_name is null then 'no model or seed has the column ' || glossary.implemented_by
        end as problem,
        'correct implemented_by in seed glossary' as remedy
    from {{ ref('glossary') }} as glossary
    left join {{ ref('warehouse_columns') }} as documented
        on glossary.implemented_by = documented.relation_name || '.' || documented.column_name
)

select * from check_glossary
