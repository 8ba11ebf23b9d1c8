{# Proves that a table was delivered recently enough: its newest batch known as of the run's date is at most max_age_days
   older than that date. Freshness is measured against as_of_date, not the wall clock, so a replay of a past date is judged
   as that night would have been. Warns, because a late system must not stop the others.

       data_tests:
         - delivered_as_of:
             arguments: {max_age_days: 3}
#}
{% test delivered_as_of(model, max_age_days) %}
    {{ config(severity='warn') }}
    select max(dt) as newest_batch
    from {{ model }}
    where dt <= {{ as_of_date() }}
    having max(dt) is null or max(dt) < {{ as_of_date() }} - interval '{{ max_age_days }}' day
{% endtest %}
