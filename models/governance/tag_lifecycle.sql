-- The life of each tag: every step known by the business date, from which state it came, and the state it is in now.

with

events as (
    select * from {{ ref('tag_lifecycle_events') }}
    where event_date <= {{ as_of_date() }}
),

tag_lifecycle as (
    select
        tag_code,
        sequence_no,
        lag(to_state) over (partition by tag_code order by sequence_no) as from_state,
        to_state,
        event_date,
        lag(event_date) over (partition by tag_code order by sequence_no) as previous_event_date,
        actor,
        rule_hash,
        note,
        lead(to_state) over (partition by tag_code order by sequence_no) is null as is_current
    from events
)

select * from tag_lifecycle
