-- Whether the tags cover the sources: a column is measured by a tag, or it is written down why it is not.

{{ config(materialized='view') }}

with

source_columns as (
    select
        relation_name || '.' || column_name as source_column,
        relation_name,
        column_name
    from {{ ref('warehouse_columns') }}
    where resource_type = 'source'
),

-- Source columns that some tag is made of.
used as (
    select distinct input_name
    from {{ ref('tag_rule_inputs') }}
    where input_kind = 'source'
),

check_sources as (
    select
        'source_covered' as check_name,
        cast(null as string) as tag_code,
        source_columns.source_column as subject,
        case
            when used.input_name is null and untagged.source_column is null
                then 'no tag is made of this source column'
        end as problem,
        'measure it by a fact tag, or add it to seed untagged_source_columns with the reason' as remedy
    from source_columns
    left join used
        on source_columns.source_column = used.input_name
    left join {{ ref('untagged_source_columns') }} as untagged
        on
            untagged.source_column in (
                source_columns.source_column, '*.' || source_columns.column_name, source_columns.relation_name || '.*'
            )
)

select * from check_sources
