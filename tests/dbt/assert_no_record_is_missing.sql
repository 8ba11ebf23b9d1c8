{{ printed_rows() }}

-- Records are a chain: each says the SHA-256 of the one before, and the head of the chain how many there are and which is
-- the last. So none is gone, changed or put in between. A command that is killed leaves one record beyond the head, which
-- the next command completes or takes back.
-- depends_on: {{ ref('audience_exports') }}
-- depends_on: {{ ref('portrait_openings') }}

with

kept as (
    {{ kept_files() }}
),

heads as (
    select
        kind,
        records,
        last_digest
    from {{ own_records('heads', {'kind': 'string', 'records': 'bigint', 'last_digest': 'string'}) }} as heads
),

kept_records as (
    select * from kept
    where folder not in ('assignments', 'heads')
),

chains as (
    select
        folder,
        count(*) as records,
        max(record_number) as last_number
    from kept_records
    group by folder
),

-- A record that the one after it, or the head, does not find.
unfound as (
    select
        following.folder,
        'the record before ' || following.name || ' is gone, or is not as it was kept' as problem
    from kept_records as following
    left join kept_records as previous
        on
            following.folder = previous.folder
            and following.previous_digest = previous.digest
    where
        following.previous_digest is not null
        and previous.digest is null
    union all
    select
        heads.kind as folder,
        'the last of ' || cast(heads.records as string) || ' records is gone, or is not as it was kept' as problem
    from heads
    left join kept_records
        on
            heads.kind = kept_records.folder
            and heads.last_digest = kept_records.digest
    where kept_records.digest is null
),

-- Two records that follow the same one: one of them is no command's.
doubled as (
    select
        folder,
        'records ' || min(name) || ' and ' || max(name) || ' both follow the same one' as problem
    from kept_records
    where previous_digest is not null
    group by folder, previous_digest
    having count(*) > 1
),

-- What a killed command left: the one record that follows the last.
beyond as (
    select
        heads.kind,
        count(*) as records
    from heads
    inner join kept_records
        on
            heads.kind = kept_records.folder
            and heads.last_digest = kept_records.previous_digest
    group by heads.kind
),

miscounted as (
    select
        chains.folder,
        case
            when heads.kind is null then 'nothing says how many records there are: heads/' || chains.folder || '.parquet is gone'
            else
                'there are ' || cast(chains.records as string) || ' records, where '
                || cast(heads.records as string) || ' were kept'
        end as problem
    from chains
    left join heads on chains.folder = heads.kind
    left join beyond on chains.folder = beyond.kind
    where
        -- Records of a version of the project that kept no chain have no number.
        (heads.kind is null and chains.last_number is not null)
        or chains.records <> heads.records + coalesce(beyond.records, 0)
),

problems as (
    select * from unfound
    union all
    select * from doubled
    union all
    select * from miscounted
)

select
    folder,
    problem,
    'if a command was killed, run it again; else restore the folder and heads from the backup of data/lists' as remedy
from problems
order by folder, problem
