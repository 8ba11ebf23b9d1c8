{# Which of status and date of end is right where they disagree (状态与结束日期不一致): the status that was delivered last stands
   (DECISIONS 75).

   - CLOSED without a date, or with one still to come: it has ended, when is unknown. The end is the batch that first said so
     (closings), so that nothing is open or counted from then on.
   - Not CLOSED with a date that has come: it is open again, and the date is unknown.
   - A status that nobody knows says nothing: then the date alone does.

   Both take the status as one of the known codes or null, and the date of end as known or null; dt is the batch's date. #}
{% macro standing_status(status, end_date) -%}
    coalesce({{ status }}, case when {{ end_date }} <= dt then 'CLOSED' else 'ACTIVE' end)
{%- endmacro %}

{% macro standing_end(status, end_date) -%}
    case
        when {{ status }} = 'CLOSED' and {{ end_date }} > dt then null
        when {{ status }} <> 'CLOSED' and {{ end_date }} <= dt then null
        else {{ end_date }}
    end
{%- endmacro %}

{# Since which batch a key is CLOSED whose latest version is so and names no date of end: the first after the last that said
   otherwise. Few keys are closed so, and only their versions are read. versions: the base model. #}
{% macro closings(versions, key) -%}
    select
        closed.{{ key }},
        min(closed.dt) as closed_on
    from {{ versions }} as closed
    inner join (
        select
            {{ key }},
            max(case when status <> 'CLOSED' then dt end) as last_open_dt
        from {{ versions }}
        where
            fault is null
            and {{ key }} in (
                select {{ key }} from {{ versions }}
                where quarantine_reason is null and status = 'CLOSED' and closed_date is null
            )
        group by {{ key }}
    ) as openings on closed.{{ key }} = openings.{{ key }}
    where
        closed.fault is null
        and closed.status = 'CLOSED'
        and coalesce(closed.dt > openings.last_open_dt, true)
    group by closed.{{ key }}
{%- endmacro %}
