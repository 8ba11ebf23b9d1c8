{# The one day rule of campaigns (DECISIONS 68): what happens on the day of a message, or of an assignment, counts for it, and so does
   all up to the given number of days later. Days, not times: of a day nobody can tell what came first, and both arms have the same
   days. Attribution, readout, funnel, scorecard and returns count by these two. #}

{# The last day that counts after an anchor: a date column and a number of days. #}
{% macro last_counted_day(anchor, days) -%}
    cast({{ dbt.dateadd('day', days, anchor) }} as date)
{%- endmacro %}

{# Whether an event counts, of an anchor and its last counted day. #}
{% macro counts_from(event_date, anchor, last_day) -%}
    ({{ event_date }} >= {{ anchor }} and {{ event_date }} <= {{ last_day }})
{%- endmacro %}
