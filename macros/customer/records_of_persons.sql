{# Each record of a system with the person that it became, and a key for messages: core:C0001. #}
{% macro records_of_persons() -%}
    select
        records.*,
        identities.customer_id,
        records.source_system || ':' || records.source_key as record_key
    from {{ ref('int_customer__records') }} as records
    inner join {{ ref('int_customer__identity') }} as identities
        on
            records.source_system = identities.source_system
            and records.source_key = identities.source_key
{%- endmacro %}
