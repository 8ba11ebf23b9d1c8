-- Everybody whom the condition of an audience finds, with the channel that reaches them best and the first gate that
-- removes them (圈选与闸口): one row an audience and customer.
--
-- An audience is a select of its own, models/audiences/audience__<name>.sql, and no relation: it is read here and
-- nowhere else, once. Who may be contacted is contact_permissions' word, and to whom a class of product may be offered
-- that of offer_exclusions. What follows from other audiences and from the number of members is judged in
-- audience_members. `banktags audience estimate` renders this text. There is no date in it but the wide table's own.

-- depends_on: {{ ref('parsed_conditions') }}
{{ config(pre_hook='{{ drop_former_audiences() }}') }}
{% do check_audiences() %}

with

-- A new audience gets its name here.
found as (
    {{ found_by_audiences([
        'card_instalment', 'credit_warning', 'cross_sell', 'dormant_recall', 'graduate_overseas_shopper',
        'high_net_worth_wealth', 'maturity_reminder', 'new_card', 'no_recent_wealth_purchase', 'responsive_customers',
        'service_recovery', 'wealth_promotion', 'white_collar_benefits',
    ]) }}
),

channels as (
    select
        audience,
        said as channel,
        cast(place as int) as preference
    from {{ rows_from(rows_of_audiences('channels'), ['audience', 'said', 'place']) }} as listed
),

-- The product closes by the first of three gates that holds; what is not known is not allowed.
candidates as (
    select
        found.audience,
        found.customer_id,
        tags.as_of_date,
        terms.purpose,
        terms.needs_consent,
        case
            when terms.product_id is null then null
            when not terms.is_on_sale then 'not_on_sale'
            when not (terms.needs_suitability and terms.needs_assessment) then null
            when tags.is_risk_assessment_valid is not true then 'not_assessed'
            when (terms.risk_rating <= tags.max_sellable_product_rating) is not true then 'unsuitable'
        end as product_gate
    from found
    inner join {{ ref('audience_terms') }} as terms on found.audience = terms.audience
    inner join {{ ref('customer_tags') }} as tags on found.customer_id = tags.customer_id
    left join {{ ref('audience_doubts') }} as doubts
        on
            found.audience = doubts.audience
            and found.customer_id = doubts.customer_id
    left join {{ ref('audience_doubts') }} as doubts_of_all
        on
            found.audience = doubts_of_all.audience
            and doubts_of_all.customer_id is null
    where
        doubts.audience is null
        and doubts_of_all.audience is null
),

-- What contact_permissions says of each channel of the audience, for its purpose.
permitted as (
    select
        candidates.*,
        channels.preference,
        permissions.channel,
        permissions.address_token,
        permissions.address_order,
        {{ blocked_by_purpose('candidates.purpose', 'permissions') }} as blocked_by
    from candidates
    left join channels on candidates.audience = channels.audience
    left join {{ ref('contact_permissions') }} as permissions
        on
            candidates.customer_id = permissions.customer_id
            and channels.channel = permissions.channel
),

-- The best channel first: the first that is open, else one that is closed to a member who stays one, else the one whose
-- gate is the last to close.
ranked as (
    select
        permitted.*,
        case
            when gates.removes_member then permitted.blocked_by
            when permitted.channel is not null then null
            when permitted.preference is not null then 'no_address'
            when permitted.needs_consent then 'no_consent'
        end as contact_gate,
        row_number() over (
            partition by permitted.audience, permitted.customer_id
            order by
                case
                    when permitted.channel is null then 3
                    when permitted.blocked_by is null then 0
                    when not gates.removes_member then 1
                    else 2
                end,
                case when gates.removes_member then -gates.position end,
                permitted.preference
        ) as place
    from permitted
    left join {{ ref('audience_gates') }} as gates on permitted.blocked_by = gates.gate
),

-- The first gate by which the class of a product is kept from somebody.
kept_from as (
    select
        exclusions.customer_id,
        exclusions.purpose,
        exclusions.product_class,
        min(gates.position) as least_position
    from {{ ref('offer_exclusions') }} as exclusions
    inner join {{ ref('audience_gates') }} as gates on exclusions.gate = gates.gate
    group by exclusions.customer_id, exclusions.purpose, exclusions.product_class
),

-- Who fails several gates is counted at the first.
audience_screening as (
    select
        ranked.audience,
        terms.purpose,
        ranked.customer_id,
        ranked.as_of_date,
        ranked.channel,
        ranked.address_token,
        ranked.address_order,
        terms.product_id,
        terms.minimum_size,
        ranked.blocked_by,
        coalesce(first_gate.gate, ranked.contact_gate, ranked.product_gate) as removed_by
    from ranked
    inner join {{ ref('audience_terms') }} as terms on ranked.audience = terms.audience
    left join kept_from
        on
            ranked.customer_id = kept_from.customer_id
            and terms.purpose = kept_from.purpose
            and terms.product_class = kept_from.product_class
    left join {{ ref('audience_gates') }} as contact_gates on ranked.contact_gate = contact_gates.gate
    left join {{ ref('audience_gates') }} as product_gates on ranked.product_gate = product_gates.gate
    left join {{ ref('audience_gates') }} as first_gate
        on first_gate.position = least(contact_gates.position, kept_from.least_position, product_gates.position)
    where ranked.place = 1
)

select * from audience_screening
