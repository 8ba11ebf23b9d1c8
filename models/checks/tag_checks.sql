-- Which check has to look at which tag, or other subject, and whether it did: one row a check and subject. What is
-- expected comes from the dictionary and the seeds, what was looked at from the checks themselves.

with

expected as (
    select
        checks.check_name,
        scopes.tag_code,
        scopes.subject
    from {{ ref('checks') }} as checks
    inner join {{ ref('check_scopes') }} as scopes
        on checks.scope = scopes.scope
),

-- How often each check looked at each subject, and what it found there. The findings of a test are its own to tell.
looked_at as (
    select
        check_name,
        subject,
        max(tag_code) as tag_code,
        count(*) as comparisons,
        count(problem) as problems
    from {{ ref('check_results') }}
    group by check_name, subject

    union all

    select
        check_name,
        subject,
        tag_code,
        1 as comparisons,
        cast(null as bigint) as problems
    from {{ ref('check__values') }}
),

tag_checks as (
    select
        coalesce(expected.check_name, looked_at.check_name) as check_name,
        coalesce(expected.subject, looked_at.subject) as subject,
        coalesce(expected.tag_code, looked_at.tag_code) as tag_code,
        expected.subject is not null as is_expected,
        looked_at.subject is not null as is_looked_at,
        coalesce(looked_at.comparisons, 0) as comparisons,
        looked_at.problems
    from expected
    full join looked_at
        on expected.check_name = looked_at.check_name and expected.subject = looked_at.subject
)

select * from tag_checks
