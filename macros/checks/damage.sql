{# Damage in the mass (models/checks/staging_damage*.sql): which rows of a table are judged. #}

{# Days of batches that are judged of a table that is staged batch by batch, the run's date included. #}
{% macro damage_days() -%}
    {{ return(31) }}
{%- endmacro %}

{# The rows of a staged table that are judged: what stands, and what is set aside for a fault of its own. Repeats and older versions
   are no damage. Of tables that are staged batch by batch the last days, of others all that stands.

       accounts_judged as (
           {{ rows_judged(table) }}
       ),
#}
{% macro rows_judged(table) -%}
    select
        *,
        fault is not null as is_rejected
    from {{ ref('base_' ~ table.system ~ '__' ~ table.name) }}
    where
        (quarantine_reason is null or coalesce(fault, 'duplicate_delivery') <> 'duplicate_delivery')
        {%- if table.batched %}
        and dt <= {{ as_of_date() }}
        and dt > {{ days_ago(damage_days()) }}
        {%- endif %}
{%- endmacro %}
