-- Through which channel each candidate of an audience is reached, and which gate removes them (圈选闸口): one row an
-- audience and customer, with the first gate by its own customer, channel and product, or null. Sets of audiences and
-- the least group are judged in audience_screening.
--
-- Who may be contacted is contact_permissions' word, and to whom a class of product may be offered that of
-- offer_exclusions. There is no date in it but the wide table's own.

with

channels as (
    select
        audience,
        said as channel,
        cast(place as int) as preference
    from {{ rows_from(rows_of_audiences('channels'), ['audience', 'said', 'place']) }} as listed
),

-- The gates of the product are those of the first of the three that holds; what is not known is not allowed.
candidates as (
    select
        found.customer_id,
        tags.as_of_date,
        terms.*,
        case
            when terms.product_id is null then null
            when not terms.is_on_sale then 'not_on_sale'
            when not (terms.needs_suitability and terms.needs_assessment) then null
            when tags.is_risk_assessment_valid is not true then 'not_assessed'
            when (terms.risk_rating <= tags.max_sellable_product_rating) is not true then 'unsuitable'
        end as product_gate
    from {{ ref('audience_candidates') }} as found
    inner join {{ ref('audience_terms') }} as terms on found.audience = terms.audience
    inner join {{ ref('customer_tags') }} as tags on found.customer_id = tags.customer_id
),

-- The best of the audience's channels first: the first that is open, else one that is closed to a member who stays one,
-- else the one whose gate is the last to close.
ranked as (
    select
        candidates.audience,
        permissions.customer_id,
        permissions.channel,
        permissions.address_token,
        permissions.address_order,
        permissions.blocked_by,
        coalesce(gates.removes_member, false) as removes_member,
        row_number() over (
            partition by candidates.audience, permissions.customer_id
            order by
                case when permissions.blocked_by is null then 0 when not gates.removes_member then 1 else 2 end,
                case when gates.removes_member then -gates.position end,
                channels.preference
        ) as place
    from candidates
    inner join channels on candidates.audience = channels.audience
    inner join {{ ref('contact_permissions_by_purpose') }} as permissions
        on
            candidates.customer_id = permissions.customer_id
            and candidates.purpose = permissions.purpose
            and channels.channel = permissions.channel
    left join {{ ref('audience_gates') }} as gates on permissions.blocked_by = gates.gate
),

reached as (
    select
        candidates.*,
        ranked.channel,
        ranked.address_token,
        ranked.address_order,
        ranked.blocked_by,
        case
            when ranked.removes_member then ranked.blocked_by
            when ranked.customer_id is not null then null
            when candidates.audience in (select channels.audience from channels) then 'no_address'
            when candidates.needs_consent then 'no_consent'
        end as contact_gate
    from candidates
    left join ranked
        on
            candidates.audience = ranked.audience
            and candidates.customer_id = ranked.customer_id
            and ranked.place = 1
),

-- Each gate that closes an audience to a candidate, a row each.
closed as (
    select
        audience,
        customer_id,
        contact_gate as gate
    from reached
    union all
    select
        audience,
        customer_id,
        product_gate as gate
    from reached
    union all
    select
        reached.audience,
        reached.customer_id,
        exclusions.gate
    from reached
    inner join {{ ref('offer_exclusions') }} as exclusions
        on
            reached.customer_id = exclusions.customer_id
            and reached.purpose = exclusions.purpose
            and reached.product_class = exclusions.product_class
),

-- Who fails several gates is counted at the first; a gate that the seed does not order comes before all.
ordered as (
    select
        closed.*,
        row_number() over (
            partition by closed.audience, closed.customer_id
            order by coalesce(gates.position, 0), closed.gate
        ) as place
    from closed
    left join {{ ref('audience_gates') }} as gates on closed.gate = gates.gate
    where closed.gate is not null
),

audience_candidate_gates as (
    select
        reached.audience,
        reached.purpose,
        reached.customer_id,
        reached.as_of_date,
        reached.channel,
        reached.address_token,
        reached.address_order,
        reached.product_id,
        reached.minimum_size,
        reached.blocked_by,
        ordered.gate as removed_by
    from reached
    left join ordered
        on
            reached.audience = ordered.audience
            and reached.customer_id = ordered.customer_id
            and ordered.place = 1
)

select * from audience_candidate_gates
