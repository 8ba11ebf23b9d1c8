-- Of every policy seed the rows that the models read are in force on the run's date, for the base currency, and
-- reviewed. Without a row a tier, a class or a tag would be null for everybody, silently; of two, chance would choose.
{% set problems %}
    with

    -- How many rows of each name are in force, and how many of these nobody has reviewed.
    named_rows as (
        {{ named_policy_rows() }}
    ),

    -- A set of which nothing is in force; a seed without rows is one.
    sets as (
        select
            seed_file,
            wanted,
            add_rows,
            coalesce(group_name, '') as group_name
        from named_rows
        group by seed_file, wanted, add_rows, needs, group_name
        having
            sum(rows_in_force) = 0
            and (needs = 'some' or count(row_name) = 0)
    ),

    problems as (
        select
            seed_file,
            'no row in force ' || wanted as problem,
            row_name,
            add_rows as remedy
        from named_rows
        where
            needs = 'each'
            and rows_in_force = 0
            and row_name is not null

        union all

        select
            seed_file,
            'nothing in force ' || wanted,
            group_name,
            add_rows
        from sets

        union all

        select
            seed_file,
            'more than one row in force ' || wanted,
            row_name,
            'end all but one by valid_to'
        from named_rows
        where rows_in_force > 1

        union all

        select
            seed_file,
            'rows that nobody has reviewed',
            row_name,
            'put the bank''s own figures in, and where they come from instead of REVIEW in the column source'
        from named_rows
        where rows_unreviewed > 0
    )

    select
        seed_file,
        problem,
        {{ dbt.listagg('row_name', "', '", 'order by row_name') }} as row_names,
        remedy
    from problems
    group by seed_file, problem, remedy
    order by seed_file, problem
{% endset %}

{{ printed_rows(problems) }}
