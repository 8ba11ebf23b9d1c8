{# Whom the predicate of an audience finds, and which gate would remove him: one row a customer, with removed_by (seed audience_gates)
   or null, and the least group of the purpose. One scan of the wide table, of the tags that the predicate names and of those that
   the gates judge.

   `entry` is what macro audience() was given, `relations` names what is read. Nothing else of dbt is used in here: `banktags audience
   estimate` renders this very text to count an audience before it is saved. There is no date in it but the wide table's own. #}
{% macro screened_customers(entry, relations) -%}
with

offer as (
    select
        count(*) as products,
        max(case when needs_assessment then 1 else 0 end) = 1 as needs_assessment,
        max(risk_rating) as risk_rating
    from {{ relations.products_on_sale }}
    where product_id = '{{ entry.product or "" }}'
),

purpose as (
    select * from {{ relations.audience_purposes }} where purpose = '{{ entry.purpose }}'
),
{% if entry.excluding %}
excluded as (
    {%- for audience in entry.excluding %}
    select customer_id from {{ relations[audience] }}
    {{ 'union' if not loop.last }}
    {%- endfor %}
),
{% endif %}
{%- if entry.min_confidence %}
-- Whose value is trusted less than asked for; without a customer it is that of everybody.
doubted as (
    select customer_id
    from {{ relations.tag_confidence }}
    where
        {%- for tag, floor in entry.min_confidence.items() %}
        (tag_code = '{{ tag }}' and confidence < {{ floor }})
        {{ 'or' if not loop.last }}
        {%- endfor %}
    group by customer_id
),
{% endif %}
candidates as (
    select
        tags.customer_id,
        tags.as_of_date,
        {% if entry.channels -%}
        tags.is_marketing_contactable and (
            {%- for channel in entry.channels %}
            tags.has_{{ channel | lower }}_marketing_consent{{ ' or' if not loop.last }}
            {%- endfor %}
        ) as is_consented,
        case
            {%- for channel in entry.channels %}
            when tags.has_{{ channel | lower }}_marketing_consent then '{{ channel }}'
            {%- endfor %}
        end as consented_channel,
        {%- else -%}
        false as is_consented,
        cast(null as string) as consented_channel,
        {%- endif %}
        tags.is_personalisation_allowed,
        tags.is_risk_assessment_valid,
        tags.max_sellable_product_rating
    from {{ relations.customer_tags }} as tags
    where
        (
            {{ entry.predicate }}
        )
        {%- for audience in entry.including %}
        and exists (select 1 from {{ relations[audience] }} as included where included.customer_id = tags.customer_id)
        {%- endfor %}
        {%- if entry.min_confidence %}
        and not exists (select 1 from doubted where doubted.customer_id = tags.customer_id)
        and not exists (select 1 from doubted where customer_id is null)
        {%- endif %}
),

gated as (
    select
        candidates.customer_id,
        candidates.as_of_date,
        case
            when purpose.needs_consent then candidates.consented_channel
            else {{ "'" ~ entry.channels[0] ~ "'" if entry.channels else 'cast(null as string)' }}
        end as channel,
        purpose.minimum_size,
        case
            {%- if entry.excluding %}
            when excluded.customer_id is not null then 'excluded'
            {%- endif %}
            when purpose.needs_consent and candidates.is_consented is not true then 'no_consent'
            when purpose.needs_personalisation and candidates.is_personalisation_allowed is not true then 'opted_out'
            {%- if entry.product %}
            when offer.products = 0 then 'not_on_sale'
            when
                purpose.needs_suitability and offer.needs_assessment and candidates.is_risk_assessment_valid is not true
                then 'not_assessed'
            when
                purpose.needs_suitability and offer.needs_assessment
                and (offer.risk_rating <= candidates.max_sellable_product_rating) is not true
                then 'unsuitable'
            {%- endif %}
        end as removed_by
    from candidates
    cross join purpose
    cross join offer
    {%- if entry.excluding %}
    left join excluded on candidates.customer_id = excluded.customer_id
    {%- endif %}
)

select * from gated
{%- endmacro %}

{# Whom an audience means, and whom a gate removes: as screened_customers, and a group that is too small is removed as a whole. #}
{% macro audience_query(entry, relations) -%}
with

screened as (
{{ screened_customers(entry, relations) }}
),

sizes as (
    select count(*) as members from screened where removed_by is null
)

select
    screened.customer_id,
    screened.as_of_date,
    screened.channel,
    {{ "'" ~ entry.product ~ "'" if entry.product else 'cast(null as string)' }} as product_id,
    case
        when screened.removed_by is null and sizes.members < screened.minimum_size then 'too_few'
        else screened.removed_by
    end as removed_by
from screened
cross join sizes
{%- endmacro %}

{# By what a channel's gateway reaches a customer: for messages and calls the keyed hash of his mobile, which only the gateway that holds
   the key resolves; in the bank's own apps his customer number. #}
{% macro address_token(channel, customer_id, mobile_hash) -%}
    case when {{ channel }} in ('SMS', 'PHONE') then {{ mobile_hash }} else {{ customer_id }} end
{%- endmacro %}
