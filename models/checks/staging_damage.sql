-- What is damaged in the mass and not here and there: one row a finding that passes a threshold of seed
-- staging_damage_thresholds. Of tables that are staged batch by batch the last 31 days are judged, of others all that
-- stands.

{{ config(materialized='table') }}

with

-- What was seen in each table and column, the commonest first.
ranked as (
    select
        *,
        sum(row_count) over (partition by check_name, system_name, table_name, column_name) as damaged_rows,
        row_number() over (
            partition by check_name, system_name, table_name, column_name
            order by row_count desc, seen asc
        ) as place
    from {{ ref('staging_damage__seen') }}
),

-- The three commonest of each.
commonest as (
    select
        check_name,
        system_name,
        table_name,
        column_name,
        max(damaged_rows) as damaged_rows,
        {{ dbt.listagg("seen || ' (' || row_count || ')'", "', '", 'order by place') }} as seen
    from ranked
    where place <= 3
    group by check_name, system_name, table_name, column_name
),

-- Of all that may be damaged alike: rows, or known values and those that could not be used.
shares as (
    select
        commonest.check_name,
        commonest.system_name,
        commonest.table_name,
        commonest.column_name,
        commonest.damaged_rows,
        case
            when commonest.check_name = 'quarantined_rows' then judged.row_count
            else judged.row_count + commonest.damaged_rows
        end as judged_rows,
        commonest.seen
    from commonest
    inner join {{ ref('staging_damage__judged') }} as judged
        on
            commonest.check_name = judged.check_name
            and commonest.system_name = judged.system_name
            and commonest.table_name = judged.table_name
            and commonest.column_name = judged.column_name
),

findings as (
    select * from shares
    union all
    select * from {{ ref('staging_damage__falls') }}
    union all
    select * from {{ ref('staging_damage__numbers') }}
),

-- The most exact threshold of each finding.
thresholds as (
    select
        findings.*,
        thresholds.warn_share,
        thresholds.fail_share,
        thresholds.smallest_rows,
        row_number() over (
            partition by findings.check_name, findings.system_name, findings.table_name, findings.column_name
            order by
                case when thresholds.column_name is not null then 0 else 1 end,
                case when thresholds.table_name is not null then 0 else 1 end,
                case when thresholds.system_name is not null then 0 else 1 end
        ) as place
    from findings
    inner join {{ ref('staging_damage_thresholds') }} as thresholds
        on
            findings.check_name = thresholds.check_name
            and coalesce(thresholds.system_name, findings.system_name) = findings.system_name
            and coalesce(thresholds.table_name, findings.table_name) = findings.table_name
            and coalesce(thresholds.column_name, findings.column_name) = findings.column_name
),

-- How much is damaged, and whether that warns or fails.
graded as (
    select
        *,
        cast(damaged_rows as double) / judged_rows as damaged_share,
        case
            when cast(damaged_rows as double) / judged_rows >= fail_share then 'fail'
            when cast(damaged_rows as double) / judged_rows >= warn_share then 'warn'
        end as severity
    from thresholds
    where
        place = 1
        and damaged_rows >= smallest_rows
),

staging_damage as (
    select
        check_name,
        system_name,
        table_name,
        nullif(column_name, '') as column_name,
        {{ as_of_date() }} as as_of_date,
        cast(damaged_rows as bigint) as damaged_rows,
        cast(judged_rows as bigint) as judged_rows,
        damaged_share,
        severity,
        seen,
        case check_name
            when 'values_set_to_unknown'
                then
                    cast(round(100 * damaged_share, 1) as decimal(4, 1)) || '% of the values of column ' || column_name
                    || ' are unknown: no such code or value. Seen as shapes: ' || seen
            when 'quarantined_rows'
                then cast(round(100 * damaged_share, 1) as decimal(4, 1)) || '% of the rows are in quarantine: ' || seen
            when 'fall_against_batches_before'
                then cast(round(100 * damaged_share, 1) as decimal(4, 1)) || '% fewer rows than usual: ' || seen
            else
                seen || ', stand on another day of the last {{ damage_days() }} too, and count as postings of their own'
        end as finding,
        case check_name
            when 'values_set_to_unknown'
                then
                    'add the codes to the dictionary of the column (seeds/dictionaries), or map them in the mapping of'
                    || ' the table; where it is the truth, a row of seed staging_damage_thresholds'
            when 'quarantined_rows'
                then
                    'look at them: banktags query --work "select * from '
                    || 'staging.quarantined_rows where table_name = ''' || table_name || '''"'
            when 'fall_against_batches_before'
                then
                    'deliver the batch again if it is not complete; where it is the truth, a row of seed'
                    || ' staging_damage_thresholds'
            else
                'compare the postings of the number; where the numbers of the bank start anew each day, an empty'
                || ' warn_share in a row of seed staging_damage_thresholds for this table'
        end as remedy
    from graded
    where severity is not null
)

select * from staging_damage
