-- What each check came to: how many tags, or other subjects, it had to look at, how many it did look at, and what it
-- found. A check that looked at nothing has not passed.

with

counted as (
    select
        check_name,
        count(case when is_expected then 1 end) as subjects_expected,
        count(case when is_looked_at then 1 end) as subjects_looked_at,
        count(distinct case when is_looked_at then tag_code end) as tags_looked_at,
        count(case when is_expected and not is_looked_at then 1 end) as subjects_left_out,
        min(case when is_expected and not is_looked_at then subject end) as first_left_out
    from {{ ref('tag_checks') }}
    group by check_name
),

violated as (
    select
        check_name,
        count(*) as violations
    from {{ ref('tag_violations') }}
    group by check_name
),

measured as (
    select
        checks.check_name,
        checks.severity,
        checks.test_name,
        checks.scope,
        checks.is_never_empty,
        checks.looks_at_all,
        coalesce(counted.subjects_expected, 0) as subjects_expected,
        coalesce(counted.subjects_looked_at, 0) as subjects_looked_at,
        coalesce(counted.tags_looked_at, 0) as tags_looked_at,
        coalesce(counted.subjects_left_out, 0) as subjects_left_out,
        counted.first_left_out,
        coalesce(violated.violations, 0) as violations
    from {{ ref('checks') }} as checks
    left join counted
        on checks.check_name = counted.check_name
    left join violated
        on checks.check_name = violated.check_name
    where checks.scope is not null
),

check_outcomes as (
    select
        check_name,
        severity,
        scope,
        {{ as_of_date() }} as as_of_date,
        subjects_expected,
        subjects_looked_at,
        tags_looked_at,
        subjects_left_out,
        first_left_out,
        violations,
        case
            when violations > 0 then 'violated'
            when looks_at_all and subjects_left_out > 0 then 'incomplete'
            when subjects_expected = 0 and is_never_empty then 'looked_at_nothing'
            when subjects_expected = 0 then 'nothing_to_look_at'
            when subjects_looked_at = 0 then 'nothing_to_compare'
            -- A test of its own tells what it found.
            when test_name = check_name then 'looked_at'
            else 'passed'
        end as outcome
    from measured
)

select * from check_outcomes
