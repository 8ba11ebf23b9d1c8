{{ printed_rows() }}

-- Every frozen list is, byte by byte, what its freeze put on record; and what was put on record is there. A list that
-- somebody has changed would move customers between the arms, one that is gone would set its controls free.
-- depends_on: {{ ref('frozen_lists') }}
-- depends_on: {{ ref('audience_exports') }}

with

kept as (
    {{ kept_files() }}
),

lists as (
    select
        name,
        digest
    from kept
    where folder = 'assignments'
),

freezes as (
    select
        name,
        list_name,
        list_digest
    from kept
    where
        folder = 'exports'
        and list_kind = 'freeze'
),

named as (
    select distinct list_name from freezes
),

problems as (
    select
        lists.name as list_name,
        case
            when named.list_name is null then 'the list has no record of its freeze'
            else 'the list is not the one that its freeze put on record: its SHA-256 is another'
        end as problem,
        'restore the file and its record from the backup of data/lists; a list that nobody was contacted by may be removed'
            as remedy
    from lists
    left join freezes
        on
            lists.name = freezes.list_name
            and lists.digest = freezes.list_digest
    left join named on lists.name = named.list_name
    where freezes.name is null
    union all
    select
        freezes.list_name,
        'record ' || freezes.name || ' is of a list that is gone' as problem,
        'restore the list from the backup of data/lists, under assignments' as remedy
    from freezes
    left join lists on freezes.list_name = lists.name
    where lists.name is null
    union all
    -- A second record under the name of a list, of other bytes: one of the two drew the arms, the other covers it up.
    select
        freezes.list_name,
        'record ' || freezes.name || ' is of another list than the one that is there' as problem,
        'restore the list of the first freeze from the backup of data/lists' as remedy
    from freezes
    inner join lists on freezes.list_name = lists.name
    where
        freezes.list_digest <> lists.digest
        and exists (
            select 1
            from freezes as others
            where
                others.list_name = lists.name
                and others.list_digest = lists.digest
        )
)

select
    list_name,
    problem,
    remedy
from problems
order by list_name, problem
