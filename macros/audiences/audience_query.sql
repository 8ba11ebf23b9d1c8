{# Whom the predicate of an audience finds, and which gate would remove him: one row a customer, with removed_by (seed audience_gates)
   or null, and the least group of the purpose. One scan of the wide table, of the tags that the predicate names and of those that
   suitability is judged by. Whom a channel may reach is read from contact_permissions, and whom no campaign may offer the product to
   from offer_exclusions: nothing of the kind is judged here.

   `entry` is what macro audience() was given, `relations` names what is read. Nothing else of dbt is used in here: `banktags audience
   estimate` renders this very text to count an audience before it is saved. There is no date in it but the wide table's own. #}
{% macro screened_customers(entry, relations) -%}
with

offer as (
    select
        count(*) as products,
        max(case when needs_assessment then 1 else 0 end) = 1 as needs_assessment,
        max(risk_rating) as risk_rating,
        max(product_class) as product_class
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
{% if entry.channels %}
-- What contact_permissions says of the audience's channels, the best first: the first channel that is open, else one that is closed to
-- a member who stays one, else the gate that is the last to close one.
permitted as (
    select
        permissions.customer_id,
        permissions.channel,
        permissions.address_token,
        permissions.address_order,
        permissions.{{ entry.purpose }}_blocked_by as blocked_by,
        gates.position,
        coalesce(gates.removes_member, false) as removes_member,
        row_number() over (
            partition by permissions.customer_id
            order by
                case when permissions.{{ entry.purpose }}_blocked_by is null then 0 when not gates.removes_member then 1 else 2 end,
                case when gates.removes_member then -gates.position end,
                case permissions.channel
                    {%- for channel in entry.channels %}
                    when '{{ channel }}' then {{ loop.index }}
                    {%- endfor %}
                end
        ) as place
    from candidates
    inner join {{ relations.contact_permissions }} as permissions on candidates.customer_id = permissions.customer_id
    left join {{ relations.audience_gates }} as gates on permissions.{{ entry.purpose }}_blocked_by = gates.gate
    where permissions.channel in ('{{ entry.channels | join("', '") }}')
),
{% endif %}
{%- if entry.product %}
-- To whom the class of the product may not be offered, by the first gate that says so.
kept_from as (
    select
        exclusions.customer_id,
        min(gates.position) as position
    from {{ relations.offer_exclusions }} as exclusions
    inner join offer on exclusions.product_class = offer.product_class
    inner join {{ relations.audience_gates }} as gates on exclusions.gate = gates.gate
    where exclusions.purpose = '{{ entry.purpose }}'
    group by exclusions.customer_id
),
{% endif %}
gated as (
    select
        candidates.customer_id,
        candidates.as_of_date,
        {%- if entry.channels %}
        permitted.channel,
        permitted.address_token,
        permitted.address_order,
        permitted.blocked_by,
        {%- else %}
        cast(null as string) as channel,
        cast(null as string) as address_token,
        cast(null as int) as address_order,
        cast(null as string) as blocked_by,
        {%- endif %}
        purpose.minimum_size,
        case
            {%- if entry.excluding %}
            when excluded.customer_id is not null then 'excluded'
            {%- endif %}
            {%- if not entry.channels %}
            when purpose.needs_consent then 'no_consent'
            {%- else %}
            when permitted.customer_id is null then 'no_address'
            when permitted.removes_member {{ 'and (kept_from.position < permitted.position) is not true' if entry.product }}
                then permitted.blocked_by
            {%- endif %}
            {%- if entry.product %}
            when kept_from.position is not null then product_gates.gate
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
    {%- if entry.channels %}
    left join permitted
        on
            candidates.customer_id = permitted.customer_id
            and permitted.place = 1
    {%- endif %}
    {%- if entry.product %}
    left join kept_from on candidates.customer_id = kept_from.customer_id
    left join {{ relations.audience_gates }} as product_gates on kept_from.position = product_gates.position
    {%- endif %}
)

select * from gated
{%- endmacro %}

{# Whom an audience means, and whom a gate removes: as screened_customers, and a group that is too small is removed as a whole. Members
   who are not reached stay members without channel or address, with the reason: closed to them by a gate that keeps members, or behind
   an address at which another member is reached, so that each list has an address once. #}
{% macro audience_query(entry, relations) -%}
with

screened as (
{{ screened_customers(entry, relations) }}
),

sizes as (
    select count(*) as members from screened where removed_by is null
),

sized as (
    select
        screened.*,
        case
            when screened.removed_by is null and sizes.members < screened.minimum_size then 'too_few'
            else screened.removed_by
        end as removed_at_last
    from screened
    cross join sizes
),

addressed as (
    select
        sized.*,
        row_number() over (
            partition by sized.address_token, sized.removed_at_last is null and sized.blocked_by is null
            order by sized.address_order, sized.customer_id
        ) as place
    from sized
),

reached as (
    select
        addressed.*,
        case
            when addressed.removed_at_last is not null or addressed.channel is null then null
            when addressed.blocked_by is not null then addressed.blocked_by
            when addressed.place > 1 then 'shared_address'
        end as unreached_because
    from addressed
)

select
    customer_id,
    as_of_date,
    case when removed_at_last is null and unreached_because is null then channel end as channel,
    case when removed_at_last is null and unreached_because is null then address_token end as address_token,
    {{ "'" ~ entry.product ~ "'" if entry.product else 'cast(null as string)' }} as product_id,
    unreached_because,
    removed_at_last as removed_by
from reached
{%- endmacro %}
