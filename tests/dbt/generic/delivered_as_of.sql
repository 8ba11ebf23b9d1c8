{# Proves that a table was delivered recently enough: some batch known as of the run's date is at most max_age_days older than
   that date. Freshness is measured against as_of_date, not the wall clock, so a replay of a past date is judged as that night
   would have been. Warns, because a late system must not stop the others. Reads the partitions of these days only.

       data_tests:
         - delivered_as_of:
             arguments: {max_age_days: 3}
#}
{% test delivered_as_of(model, max_age_days) %}
    {{ config(severity='warn') }}
    {{ printed_rows() }}
    select
        'no batch since {{ max_age_days }} days' as problem,
        'ask the system for its extract, then land it with banktags load' as remedy
    from {{ model }}
    where dt between {{ days_ago(max_age_days) }} and {{ as_of_date() }}
    having count(*) = 0
{% endtest %}
