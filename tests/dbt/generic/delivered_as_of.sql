{# Proves that a table was delivered recently enough: some batch known as of the run's date is at most max_age_days older than
   that date. Freshness is measured against as_of_date, not the wall clock, so a replay of a past date is judged as that night
   would have been. Warns, because a late system must not stop the others. Silent about a table of which the bank has never
   delivered a row, and about one that seed delivery_expectations does not expect. Reads the partitions of these days only.

       data_tests:
         - delivered_as_of:
             arguments: {max_age_days: 3}
#}
{% test delivered_as_of(model, max_age_days) %}
    {{ config(severity='warn') }}
    {{ printed_rows() }}
    {%- set table, expectations = tested_source(), ref('delivery_expectations') %}
    with

    recent as (
        select count(*) as row_count
        from {{ model }}
        where dt between {{ days_ago(max_age_days) }} and {{ as_of_date() }}
    ),

    -- What the control table says was ever delivered of it by the date.
    ever as (
        select coalesce(sum(row_count), 0) as row_count
        from {{ source('core', 'batches') }}
        where system_name = '{{ table.system }}' and table_name = '{{ table.name }}' and dt <= {{ as_of_date() }}
    )

    select
        'no batch since {{ max_age_days }} days' as problem,
        'deliver {{ table.system }}.{{ table.name }}, or say in seeds/policy/sources/delivery_expectations.csv: {{ table.system }},{{ table.name }},no'
            as remedy
    from recent
    cross join ever
    where
        recent.row_count = 0
        and ever.row_count > 0
        {%- if execute and load_relation(expectations) %}
        and not exists (
            select 1
            from {{ expectations }}
            where system_name = '{{ table.system }}' and table_name = '{{ table.name }}' and expected = 'no'
        )
        {%- endif %}
{% endtest %}
