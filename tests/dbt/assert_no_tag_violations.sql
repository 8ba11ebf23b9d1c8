{{ printed_rows() }}

-- Nothing breaks the rules of the tag system.
select
    check_name,
    subject,
    problem,
    remedy
from {{ ref('tag_violations') }}
order by check_name, subject
