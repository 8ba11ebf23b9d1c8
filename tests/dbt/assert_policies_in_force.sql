-- Of every policy seed the rows that the models read are in force on the run's date, for the base currency, and reviewed.
-- Without a row a tier, a class or a tag would be null for every customer, silently; of two rows chance would choose.
{% set new_currency = 'run: banktags new currency ' ~ var('base_currency') ~ ', and review what it writes; or ' %}

{% set problems %}
    with

    -- How many rows of each name are in force, and how many of these nobody has reviewed.
    named_rows as (
        {% for seed in policy_seeds() %}
            {% set is_in_force = in_force(by_currency=seed.by_currency, by_date=seed.by_date) %}
            {{ 'union all' if not loop.first }}
            select
                '{{ seed.name }}' as seed_name,
                '{{ seed.needs }}' as needs,
                {{ row_name(seed.group or []) }} as group_name,
                {{ row_name(seed.key) }} as row_name,
                count(case when {{ is_in_force }} then 1 end) as rows_in_force,
                count(case when {{ is_in_force }} and source like 'REVIEW%' then 1 end) as rows_unreviewed
            from {{ ref(seed.name) }}
            {{ 'group by ' ~ seed.key | join(', ') if seed.key }}
        {% endfor %}
    ),

    seeds as (
        {% for seed in policy_seeds() %}
            {{ 'union all' if not loop.first }}
            select
                '{{ seed.name }}' as seed_name,
                '{{ seed.needs }}' as needs,
                '{{ "for base_currency " ~ var("base_currency") ~ " " if seed.by_currency }}on {{ var("as_of_date") }}' as wanted,
                '{{ new_currency if seed.by_currency }}' as remedy
        {% endfor %}
    ),

    -- A set of which nothing is in force; a seed without rows is one.
    sets as (
        select
            seeds.seed_name,
            coalesce(named_rows.group_name, '') as group_name
        from seeds
        left join named_rows
            on seeds.seed_name = named_rows.seed_name
        group by seeds.seed_name, seeds.needs, named_rows.group_name
        having
            coalesce(sum(named_rows.rows_in_force), 0) = 0
            and (seeds.needs = 'some' or count(named_rows.seed_name) = 0)
    ),

    problems as (
        select
            seed_name,
            'no row in force' as problem,
            row_name,
            'add a row that is' as remedy
        from named_rows
        where needs = 'each' and rows_in_force = 0

        union all

        select
            seed_name,
            'nothing in force',
            group_name,
            'add rows that are'
        from sets

        union all

        select
            seed_name,
            'more than one row in force',
            row_name,
            'end all but one by valid_to'
        from named_rows
        where rows_in_force > 1

        union all

        select
            seed_name,
            'rows that nobody has reviewed',
            row_name,
            'put the bank''s own figures in, and where they come from instead of REVIEW in the column source'
        from named_rows
        where rows_unreviewed > 0
    )

    select
        'seeds/policy/' || problems.seed_name || '.csv' as seed_file,
        problems.problem || ' ' || seeds.wanted as problem,
        {{ dbt.listagg('problems.row_name', "', '", 'order by problems.row_name') }} as row_names,
        'Remedy: '
        || case when problems.problem like 'no%' then seeds.remedy else '' end
        || problems.remedy as remedy
    from problems
    inner join seeds
        on problems.seed_name = seeds.seed_name
    group by problems.seed_name, problems.problem, problems.remedy, seeds.wanted, seeds.remedy
    order by seed_file, problem
{% endset %}

{{ printed_rows(problems) }}
