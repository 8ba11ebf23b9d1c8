-- Every rule of the tag system that something breaks, but for the exceptions on record. While there is a row, the build
-- fails.

with

violations as (
    select *
    from {{ ref('check_results') }}
    where problem is not null
),

-- The day on which the tag system stands: the business date, or the last day of its own record where a date before it
-- is built.
clock as (
    select greatest({{ as_of_date() }}, coalesce(max(event_date), {{ as_of_date() }})) as judged_on
    from {{ ref('tag_lifecycle') }}
),

exceptions as (
    select
        listed.check_name,
        listed.subject,
        listed.reason
    from {{ ref('governance_exceptions') }} as listed
    cross join clock
    where listed.valid_to is null or clock.judged_on < listed.valid_to
),

tag_violations as (
    select
        violations.check_name,
        violations.subject,
        violations.problem,
        violations.remedy
    from violations
    left join exceptions
        on violations.check_name = exceptions.check_name and violations.subject = exceptions.subject
    where exceptions.subject is null

    union all

    -- An exception that excepts nothing would hide the next fault.
    select
        'exception_needed' as check_name,
        'governance_exceptions: ' || exceptions.check_name || ', ' || exceptions.subject as subject,
        'nothing breaks this check any more' as problem,
        'delete the row of seed governance_exceptions' as remedy
    from exceptions
    left join violations
        on exceptions.check_name = violations.check_name and exceptions.subject = violations.subject
    where violations.subject is null
)

select * from tag_violations
