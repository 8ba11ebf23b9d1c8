with

source as (
    {{ all_batches(source('governance', 'tag_reviews')) }}
),

-- One form for each value: codes as the dictionaries write them, blanks as null, identifiers hashed or masked.
standardised as (
    select
        {{ known_text('review_id') }} as review_id,
        {{ known_text('tag_code') }} as tag_code,
        {{ known_text('reviewer') }} as reviewer,
        {{ known_date('reviewed_date') }} as reviewed_date,
        rating,
        {{ known_text('review_comment') }} as review_comment,
        is_resolved,
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
            when review_id is null then 'missing_review_id'
            when tag_code is null then 'missing_tag_code'
            when reviewer is null then 'missing_reviewer'
            when reviewed_date is null then 'missing_reviewed_date'
            when rating is null then 'missing_rating'
            when loaded_at is null then 'missing_loaded_at'
            when rating not between 1 and 5 then 'invalid_rating'
            when reviewed_date > dt then 'future_reviewed_date'
        end as fault
    from standardised
),

-- The latest delivery of each key stands.
tag_reviews as (
    {{ latest_version_wins('judged', key=['review_id'], batched=false) }}
)

-- The columns are those of `judged`: the rule switched off cannot follow them through a union.
select * from tag_reviews  -- noqa: AM04
