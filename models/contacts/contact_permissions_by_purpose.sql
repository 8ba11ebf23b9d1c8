-- What contact_permissions says, with a row a purpose: who of an audience is reached joins it by the audience's purpose.
-- A purpose that it does not judge has no row, so that it opens nothing.

{{ config(materialized='view') }}

{% set purposes = ['marketing', 'service', 'risk'] %}

with

contact_permissions_by_purpose as (
    {% for purpose in purposes %}
        select
            customer_id,
            as_of_date,
            channel,
            '{{ purpose }}' as purpose,
            address_token,
            address_order,
            {{ purpose }}_blocked_by as blocked_by
        from {{ ref('contact_permissions') }}
        {{ 'union all' if not loop.last }}
    {% endfor %}
)

select * from contact_permissions_by_purpose
