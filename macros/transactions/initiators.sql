{# Joins who started a posting, and whether that shows that the customer is active: of the posting's type and direction the row of its
   own channel (channel_initiators), and that of every channel (initiators). The former goes before the latter. #}
{% macro join_initiators(postings) -%}
    left join {{ ref('transaction_initiators') }} as initiators
        on
            {{ postings }}.transaction_type = initiators.transaction_type
            and {{ postings }}.direction = initiators.direction
            and initiators.channel is null
    left join {{ ref('transaction_initiators') }} as channel_initiators
        on
            {{ postings }}.transaction_type = channel_initiators.transaction_type
            and {{ postings }}.direction = channel_initiators.direction
            and {{ postings }}.channel = channel_initiators.channel
{%- endmacro %}
