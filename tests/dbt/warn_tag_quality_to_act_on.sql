{{ config(severity='warn') }}
{{ printed_rows() }}

-- Tags whose quality asks someone to act on the run's date, with the reason; a warning, for a shift may be what the
-- bank meant.
select
    tag_code,
    findings,
    'see what moved: banktags query --work "select * from governance.tag_drift where tag_code = ''' || tag_code || '''"'
        as remedy
from {{ ref('tag_quality') }}
where
    as_of_date = {{ as_of_date() }}
    and status = 'act'
