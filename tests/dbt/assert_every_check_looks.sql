{{ printed_rows() }}

-- No check passes by looking at nothing: it looks at every tag, or other subject, that it has to look at, there is one
-- where there always is, and each check that finds something is explained.
select
    check_name,
    case outcome
        when 'looked_at_nothing' then 'there are none of the ' || scope || ' that it looks at'
        else
            'it left out ' || subjects_left_out || ' of the ' || subjects_expected || ' (' || scope
            || ') that it has to look at, the first ' || first_left_out
    end as problem,
    'see what it is joined with in models/checks: banktags query --work "select * from governance.tag_checks'
    || ' where check_name = ''' || check_name || ''' and not is_looked_at"' as remedy
from {{ ref('check_outcomes') }}
where outcome in ('incomplete', 'looked_at_nothing')

union all

select distinct
    tag_checks.check_name,
    'no row of seed checks explains it' as problem,
    'add a row to seeds/governance/checks.csv: what it checks, why, and how to mend what it finds' as remedy
from {{ ref('tag_checks') }} as tag_checks
left join {{ ref('checks') }} as checks
    on tag_checks.check_name = checks.check_name
where checks.check_name is null
