-- Whether each tag has taken the steps of its life in their order. Judged by the whole record, whatever date is built:
-- a build of a date before the record uses the tags of today on the data of then.

{{ config(materialized='view') }}

with

dictionary as (
    select
        *,
        model_name || '.' || tag_code as subject
    from {{ ref('tag_dictionary') }}
),

steps as (
    select
        history.*,
        coalesce(dictionary.subject, history.tag_code) as subject,
        dictionary.tag_code is null as is_unknown
    from {{ ref('tag_lifecycle') }} as history
    left join dictionary
        on history.tag_code = dictionary.tag_code
),

-- The states to which each state may lead.
allowed as (
    select
        from_state,
        {{ dbt.listagg('to_state', "', '", 'order by to_state') }} as next_states
    from {{ ref('tag_lifecycle_transitions') }}
    group by from_state
),

current_states as (
    select
        tag_code,
        to_state,
        status
    from steps
    where is_current
),

check_lifecycle as (
    select
        'lifecycle_tag_known' as check_name,
        tag_code,
        subject,
        case
            when is_unknown and to_state <> 'retired' then 'its life is on record, but no tag has this code'
        end as problem,
        'correct tag_code in seed tag_lifecycle_events' as remedy
    from steps
    where is_current

    union all

    select
        'lifecycle_transition' as check_name,
        steps.tag_code,
        steps.subject,
        case
            when transitions.to_state is null
                then
                    'step ' || cast(steps.sequence_no as string) || ' goes from '
                    || coalesce(steps.from_state, 'nothing') || ' to ' || steps.to_state
                    || ', which is no step of the life of a tag'
        end as problem,
        'go on to ' || coalesce(allowed.next_states, 'none') || ' (seed tag_lifecycle_transitions)' as remedy
    from steps
    left join {{ ref('tag_lifecycle_transitions') }} as transitions
        on coalesce(steps.from_state, 'none') = transitions.from_state and steps.to_state = transitions.to_state
    left join allowed
        on coalesce(steps.from_state, 'none') = allowed.from_state

    union all

    select
        'lifecycle_order' as check_name,
        tag_code,
        subject,
        case
            when event_date < previous_event_date
                then 'step ' || cast(sequence_no as string) || ' is dated before the step that it follows'
        end as problem,
        'correct event_date or sequence_no in seed tag_lifecycle_events' as remedy
    from steps

    union all

    select
        'status_agrees' as check_name,
        dictionary.tag_code,
        dictionary.subject,
        case
            when dictionary.status <> coalesce(current_states.status, 'draft')
                then
                    'the dictionary says ' || coalesce(dictionary.status, 'nothing') || ', its life stands at '
                    || coalesce(current_states.to_state, 'nothing on record')
        end as problem,
        'record the steps in seed tag_lifecycle_events, and set status to ' || coalesce(current_states.status, 'draft')
        || ' in the entry' as remedy
    from dictionary
    left join current_states
        on dictionary.tag_code = current_states.tag_code
)

select * from check_lifecycle
