-- The life of each tag: every step on record, from which state it came, and which the tag stands at: now, and on the
-- business date. The tag system lives in its own time: a build of 1994 uses the rules of today, and nothing of their
-- record is hidden from it.

with

steps as (
    select
        *,
        event_date <= {{ as_of_date() }} as is_taken_by_date
    from {{ ref('tag_lifecycle_events') }}
),

tag_lifecycle as (
    select
        tag_code,
        sequence_no,
        lag(to_state) over (partition by tag_code order by sequence_no) as from_state,
        to_state,
        -- What the dictionary entry says of a tag in this state.
        case
            when to_state in ('certified', 'published', 'monitored') then 'certified'
            when to_state in ('deprecated', 'retired') then to_state
            else 'draft'
        end as status,
        event_date,
        lag(event_date) over (partition by tag_code order by sequence_no) as previous_event_date,
        actor,
        rule_hash,
        note,
        lead(to_state) over (partition by tag_code order by sequence_no) is null as is_current,
        is_taken_by_date,
        is_taken_by_date
        and sequence_no
        = max(case when is_taken_by_date then sequence_no end) over (partition by tag_code) as is_current_on_date
    from steps
)

select * from tag_lifecycle
