{# Judges the deliveries of a table of kind version: of the valid rows of a key the latest delivery stands (DECISIONS 16; dt, then
   loaded_at, then the content as a tie-break). An earlier one is a superseded_version, or a duplicate_delivery when the next one came
   with the same batch or says the same. Most keys are delivered once: only the rows of the others are ranked. In an
   incremental table the keys of the new batches are judged, with all that is held of them; they replace it (unique_key,
   DECISIONS 60).

   relation: rows with their own `fault` (null = valid). key: columns that identify what the row is about. batched: the rows
   come from new_batches, so that they carry its batch_fingerprint. #}
{% macro latest_version_wins(relation, key, batched=true) -%}
    {%- set content = row_content('delivered_again', ['loaded_at', 'dt'] + (['batch_fingerprint'] if batched else [])) -%}
    with

    versions as (
        select *
        from {{ relation }}
        {%- if is_incremental() %}
        {%- set columns = adapter.get_columns_in_relation(this) | map(attribute='name')
            | reject('in', ['known_from', 'quarantine_reason']) | join(', ') %}
        union all
        select {{ columns }}
        from {{ this }} as held
        where exists (select 1 from {{ relation }} where {{ same_key(key, relation, 'held') }})
        {%- endif %}
    ),

    repeated as (
        select {{ key | join(', ') }}
        from versions
        group by {{ key | join(', ') }}
        having count(*) > 1
    ),

    delivered_once as (
        select
            versions.*,
            dt as known_from,
            fault as quarantine_reason
        from versions
        where not exists (select 1 from repeated where {{ same_key(key, 'repeated', 'versions') }})
    ),

    delivered_again as (
        select versions.*
        from versions
        where exists (select 1 from repeated where {{ same_key(key, 'repeated', 'versions') }})
    ),

    ranked as (
        select
            delivered_again.*,
            min(dt) over (partition by {{ key | join(', ') }}, (fault is null)) as known_from,
            case
                when fault is not null then fault
                when row_number() over latest_first = 1 then null
                when dt = lag(dt) over latest_first then 'duplicate_delivery'
                when {{ content }} = lag({{ content }}) over latest_first
                    then 'duplicate_delivery'
                else 'superseded_version'
            end as quarantine_reason
        from delivered_again
        window
            latest_first as (
                partition by {{ key | join(', ') }}, (fault is null)
                order by dt desc, loaded_at desc, {{ content }} desc
            )
    )

    select * from delivered_once
    union all
    select * from ranked
{%- endmacro %}
