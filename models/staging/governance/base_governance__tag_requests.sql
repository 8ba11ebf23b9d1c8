with

source as (
    {{ all_batches(source('governance', 'tag_requests')) }}
),

-- One form for each value: codes as the dictionaries write them, blanks as null, identifiers hashed or masked.
standardised as (
    select
        {{ known_text('request_id') }} as request_id,
        {{ known_text('tag_code') }} as tag_code,
        {{ known_text('requested_by') }} as requested_by,
        {{ known_text('department') }} as department,
        {{ known_date('requested_date') }} as requested_date,
        upper(nullif(trim(request_status), '')) as request_status,
        loaded_at,
        dt,
        cast(null as string) as unknown_values,
        cast(null as string) as unknown_shapes
    from source
),

-- What is wrong with a row itself: the first of these.
judged as (
    select
        *,
        case
            when request_id is null then 'missing_request_id'
            when tag_code is null then 'missing_tag_code'
            when requested_by is null then 'missing_requested_by'
            when department is null then 'missing_department'
            when requested_date is null then 'missing_requested_date'
            when request_status is null then 'missing_request_status'
            when loaded_at is null then 'missing_loaded_at'
            when request_status not in ('REQUESTED', 'DEFINED', 'DEVELOPED', 'CERTIFIED', 'PUBLISHED', 'REJECTED')
                then 'unknown_request_status'
            when requested_date > dt then 'future_requested_date'
        end as fault
    from standardised
),

-- The latest delivery of each key stands.
tag_requests as (
    {{ latest_version_wins('judged', key=['request_id'], batched=false) }}
)

-- The columns are those of `judged`: the rule switched off cannot follow them through a union.
select * from tag_requests  -- noqa: AM04
