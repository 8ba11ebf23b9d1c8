{# The business date that the run stands on: the only clock of the project. #}
{% macro as_of_date() -%}
    cast('{{ business_date() }}' as date)
{%- endmacro %}

{# The date a number of days before the business date. #}
{% macro days_ago(days) -%}
    cast({{ as_of_date() }} - interval '{{ days }}' day as date)
{%- endmacro %}

{# The day after the business date: the open end of what still stands. #}
{% macro next_day() -%}
    cast({{ as_of_date() }} + interval '1' day as date)
{%- endmacro %}

{# First day of the calendar month, quarter or year that the business date lies in. #}
{% macro first_day_of(period) -%}
    cast({{ dbt.date_trunc(period, as_of_date()) }} as date)
{%- endmacro %}

{# The calendar month or quarter that the business date lies in, as people write it: 2026-06, 2026-Q2. `kind` says which. #}
{% macro calendar_period(kind) -%}
    case {{ kind }}
            when 'month' then substring(cast({{ as_of_date() }} as string), 1, 7)
            when 'quarter'
                then
                    substring(cast({{ as_of_date() }} as string), 1, 4)
                    || '-Q' || cast(extract(quarter from {{ as_of_date() }}) as string)
        end
{%- endmacro %}

{# True for a date inside the half-open window (as_of − days, as_of]: today counts, n days in all (DECISIONS 12). #}
{% macro in_last_days(date_column, days) -%}
    ({{ date_column }} > {{ as_of_date() }} - interval '{{ days }}' day and {{ date_column }} <= {{ as_of_date() }})
{%- endmacro %}

{# The same for the date of an event, of a relation that has its batch as dt. No event is delivered before its date, so the
   partitions of older batches are not opened (DECISIONS 69): of 'postings.transaction_date' it bounds postings.dt too. #}
{% macro event_in_last_days(date_column, days) -%}
    {%- set batch = modules.re.sub('[a-z_]+$', 'dt', date_column) -%}
    ({{ in_last_days(date_column, days) }} and {{ batch }} > {{ as_of_date() }} - interval '{{ days }}' day)
{%- endmacro %}

{# Days of the calendar month that the business date lies in: 28 to 31. #}
{% macro days_of_month() -%}
    ({{ dbt.datediff(first_day_of('month'), dbt.last_day(as_of_date(), 'month'), 'day') }} + 1)
{%- endmacro %}
