{{ printed_rows() }}

-- Nothing breaks the rules of the tag system.
select * from {{ ref('tag_violations') }}
order by check_name, subject
