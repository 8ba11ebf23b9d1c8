-- Steps in the life of a tag that may not be taken. Judged by the whole record, whatever date is built: a build of a
-- date before the record uses the tags of today on the data of then.

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
        subject,
        to_state,
        status
    from steps
    where is_current
),

-- The last certification of each tag, and who had developed what it certified.
certifications as (
    select
        tag_code,
        max(case when to_state = 'certified' then sequence_no end) as certified_no,
        max(case when to_state = 'developed' then sequence_no end) as developed_no
    from steps
    group by tag_code
),

certified as (
    select
        certifications.tag_code,
        certification.subject,
        certification.actor as reviewer,
        certification.rule_hash as certified_hash,
        development.actor as developer
    from certifications
    inner join steps as certification
        on certifications.tag_code = certification.tag_code and certifications.certified_no = certification.sequence_no
    left join steps as development
        on certifications.tag_code = development.tag_code and certifications.developed_no = development.sequence_no
),

readers as (
    select
        input_name as tag_code,
        'the tag ' || tag_code as reader
    from {{ ref('tag_rule_inputs') }}
    where input_kind = 'tag'

    union all

    select
        tag_code,
        'the album ' || album as reader
    from {{ ref('album_items') }}

    union all

    select
        tag_code,
        'the audience ' || replace(model_name, 'audience__', '') as reader
    from {{ ref('parsed_conditions') }}
    where model_name like 'audience!_!_%' escape '!'
),

violations as (
    select
        'lifecycle_tag_known' as check_name,
        subject,
        'its life is on record, but no tag has this code' as problem,
        'correct tag_code in seed tag_lifecycle_events' as remedy
    from steps
    where is_unknown and is_current and to_state <> 'retired'

    union all

    select
        'lifecycle_transition' as check_name,
        steps.subject,
        'step ' || cast(steps.sequence_no as string) || ' goes from ' || coalesce(steps.from_state, 'nothing') || ' to '
        || steps.to_state || ', which is no step of the life of a tag' as problem,
        'go on to ' || coalesce(allowed.next_states, 'none') || ' (seed tag_lifecycle_transitions)' as remedy
    from steps
    left join {{ ref('tag_lifecycle_transitions') }} as transitions
        on coalesce(steps.from_state, 'none') = transitions.from_state and steps.to_state = transitions.to_state
    left join allowed
        on coalesce(steps.from_state, 'none') = allowed.from_state
    where transitions.to_state is null

    union all

    select
        'lifecycle_order' as check_name,
        subject,
        'step ' || cast(sequence_no as string) || ' is dated before the step that it follows' as problem,
        'correct event_date or sequence_no in seed tag_lifecycle_events' as remedy
    from steps
    where event_date < previous_event_date

    union all

    select
        'status_agrees' as check_name,
        dictionary.subject,
        'the dictionary says ' || coalesce(dictionary.status, 'nothing') || ', its life stands at '
        || coalesce(current_states.to_state, 'nothing on record') as problem,
        'record the steps in seed tag_lifecycle_events, and set status to ' || coalesce(current_states.status, 'draft')
        || ' in the entry' as remedy
    from dictionary
    left join current_states
        on dictionary.tag_code = current_states.tag_code
    where dictionary.status <> coalesce(current_states.status, 'draft')

    union all

    select
        'certified_tested' as check_name,
        certified.subject,
        'it is certified, but no unit test shows two sides of its rule' as problem,
        'add a dbt unit test that expects two or more of its values, then run banktags catalogue sync' as remedy
    from certified
    inner join {{ ref('tag_rules') }} as rules
        on certified.tag_code = rules.tag_code
    where rules.expected_values < 2

    union all

    select
        'certified_by_another' as check_name,
        subject,
        'its reviewer ' || reviewer || ' is its developer' as problem,
        'let somebody else certify it' as remedy
    from certified
    where reviewer = developer

    union all

    select
        'certified_rule_unchanged' as check_name,
        certified.subject,
        'its rule is not the one that was certified' as problem,
        'review what has changed, then run banktags catalogue certify ' || certified.tag_code
        || ' --by <role> --date <day> --reason <why>' as remedy
    from certified
    inner join current_states
        on certified.tag_code = current_states.tag_code
    inner join {{ ref('tag_rules') }} as rules
        on certified.tag_code = rules.tag_code
    where current_states.status = 'certified' and coalesce(certified.certified_hash, '') <> rules.rule_hash

    union all

    select
        'deprecated_successor' as check_name,
        dictionary.subject,
        case
            when dictionary.successor is null then 'it is deprecated and names no successor'
            else 'its successor ' || dictionary.successor || ' is no tag in use'
        end as problem,
        'name in the entry the tag to use in its place' as remedy
    from dictionary
    left join dictionary as successors
        on dictionary.successor = successors.tag_code and successors.status in ('draft', 'certified')
    where dictionary.status = 'deprecated' and successors.tag_code is null

    union all

    select
        'retired_unread' as check_name,
        coalesce(dictionary.subject, current_states.subject) as subject,
        'it is retired, but read by '
        || {{ dbt.listagg('readers.reader', "', '", 'order by readers.reader') }} as problem,
        'let the readers use its successor first' as remedy
    from current_states
    left join dictionary
        on current_states.tag_code = dictionary.tag_code
    inner join readers
        on current_states.tag_code = readers.tag_code
    where current_states.to_state = 'retired'
    group by coalesce(dictionary.subject, current_states.subject)
)

select * from violations
