{# Judges the deliveries of a table of kind version: of the valid rows of a key the latest delivery stands (dt, then loaded_at,
   then the content as a tie-break). An earlier one is a superseded_version, or a duplicate_delivery when the next one came
   with the same batch or says the same. Most keys are delivered once: only the rows of the others are ranked.

   relation: rows with their own `fault` (null = valid). key: columns that identify what the row is about. #}
{% macro latest_version_wins(relation, key) -%}
    with

    repeated as (
        select {{ key | join(', ') }}
        from {{ relation }}
        group by {{ key | join(', ') }}
        having count(*) > 1
    ),

    delivered_once as (
        select
            {{ relation }}.*,
            dt as known_from,
            fault as quarantine_reason
        from {{ relation }}
        where not exists (select 1 from repeated where {{ same_key(key, 'repeated', relation) }})
    ),

    delivered_again as (
        select {{ relation }}.*
        from {{ relation }}
        where exists (select 1 from repeated where {{ same_key(key, 'repeated', relation) }})
    ),

    ranked as (
        select
            delivered_again.*,
            min(dt) over (partition by {{ key | join(', ') }}, (fault is null)) as known_from,
            case
                when fault is not null then fault
                when row_number() over latest_first = 1 then null
                when dt = lag(dt) over latest_first then 'duplicate_delivery'
                when {{ row_content('delivered_again') }} = lag({{ row_content('delivered_again') }}) over latest_first
                    then 'duplicate_delivery'
                else 'superseded_version'
            end as quarantine_reason
        from delivered_again
        window
            latest_first as (
                partition by {{ key | join(', ') }}, (fault is null)
                order by dt desc, loaded_at desc, {{ row_content('delivered_again') }} desc
            )
    )

    select * from delivered_once
    union all
    select * from ranked
{%- endmacro %}
