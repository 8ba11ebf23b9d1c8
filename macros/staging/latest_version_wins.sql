{# Judges the deliveries of a table of kind version: of the valid rows of a key the latest delivery stands (dt, then loaded_at,
   then the content as a tie-break). An earlier one is a superseded_version, or a duplicate_delivery when the next one came
   with the same batch or says the same.

   relation: rows with their own `fault` (null = valid). key: columns that identify what the row is about. #}
{% macro latest_version_wins(relation, key) -%}
    select
        {{ relation }}.*,
        min(dt) over (partition by {{ key | join(', ') }}, (fault is null)) as known_from,
        case
            when fault is not null then fault
            when row_number() over latest_first = 1 then null
            when dt = lag(dt) over latest_first then 'duplicate_delivery'
            when {{ row_content(relation) }} = lag({{ row_content(relation) }}) over latest_first then 'duplicate_delivery'
            else 'superseded_version'
        end as quarantine_reason
    from {{ relation }}
    window
        latest_first as (
            partition by {{ key | join(', ') }}, (fault is null)
            order by dt desc, loaded_at desc, {{ row_content(relation) }} desc
        )
{%- endmacro %}
