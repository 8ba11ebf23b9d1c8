-- From which day on each source table covers what happened, as one row that tag models join: a column a table, null
-- where it was never delivered.

with

covered_from as (
    select
        {% for table in staged_tables() %}
            max(case when source_table = '{{ table.system }}.{{ table.name }}' then covered_from end)
                as {{ table.system }}__{{ table.name }},
        {% endfor %}
        count(covered_from) as delivered_tables
    from {{ ref('int_source__coverage') }}
)

select * from covered_from
