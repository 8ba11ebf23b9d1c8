{{ config(materialized='table') }}

-- What became of the rows of each source table: staged, set aside by class of reason; and how many values are unknown.
-- The loops write one select a table, which stands where a written one would: template blocks don't indent.
-- sqlfluff:indentation:template_blocks_indent:false

with

-- One row a table: rows delivered, rows staged, values that could not be used.
counted as (
    {% for table in staged_tables() %}
    select
        '{{ table.system }}' as system_name,
        '{{ table.name }}' as table_name,
        (
            select count(*)
            from {{ source(table.system, table.name) }}
            where dt <= {{ as_of_date() }}
        ) as source_rows,
        (select count(*) from {{ ref('stg_' ~ table.system ~ '__' ~ table.name) }}) as staged_rows,
        (
            select coalesce(sum(1 + length(unknown_values) - length(replace(unknown_values, ',', ''))), 0)
            from {{ ref('base_' ~ table.system ~ '__' ~ table.name) }}
            where
                unknown_values is not null
                and quarantine_reason is null
                and dt <= {{ as_of_date() }}
        ) as values_set_to_unknown
    {{ 'union all' if not loop.last }}
    {% endfor %}
),

quarantined as (
    select
        system_name,
        table_name,
        count(*) as quarantined_rows,
        count(case when quarantine_reason like 'missing%' then 1 end) as missing_rows,
        count(case when quarantine_reason like 'unknown%' then 1 end) as unknown_code_rows,
        count(case when quarantine_reason like 'invalid%' then 1 end) as invalid_rows,
        count(case when quarantine_reason like 'future%' then 1 end) as future_rows,
        count(case when quarantine_reason = 'superseded_version' then 1 end) as superseded_rows,
        count(case when quarantine_reason = 'duplicate_delivery' then 1 end) as duplicate_rows
    from {{ ref('quarantined_rows') }}
    group by system_name, table_name
),

staging_quality as (
    select
        counted.system_name,
        counted.table_name,
        {{ as_of_date() }} as as_of_date,
        counted.source_rows,
        counted.staged_rows,
        coalesce(quarantined.quarantined_rows, 0) as quarantined_rows,
        coalesce(quarantined.missing_rows, 0) as missing_rows,
        coalesce(quarantined.unknown_code_rows, 0) as unknown_code_rows,
        coalesce(quarantined.invalid_rows, 0) as invalid_rows,
        coalesce(quarantined.future_rows, 0) as future_rows,
        coalesce(quarantined.superseded_rows, 0) as superseded_rows,
        coalesce(quarantined.duplicate_rows, 0) as duplicate_rows,
        cast(counted.values_set_to_unknown as bigint) as values_set_to_unknown
    from counted
    left join quarantined
        on
            counted.system_name = quarantined.system_name
            and counted.table_name = quarantined.table_name
)

select * from staging_quality
