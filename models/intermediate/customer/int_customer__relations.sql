-- Relations between persons that stand on the date, seen from both sides: one row per person, related person and type.
-- A spouse or a friend is mirrored as the same type, a referrer as the one who has referred (seed relation_types).
with

-- Contacts become persons. Two contacts of one person are no relation: self-loops go.
persons as (
    select
        from_identity.customer_id,
        to_identity.customer_id as related_customer_id,
        relations.relation_type,
        coalesce(relations.since_date, relations.dt) as since_date
    from {{ ref('stg_crm__relations') }} as relations
    inner join {{ ref('int_customer__identity') }} as from_identity
        on
            relations.from_contact_id = from_identity.source_key
            and from_identity.source_system = 'crm'
    inner join {{ ref('int_customer__identity') }} as to_identity
        on
            relations.to_contact_id = to_identity.source_key
            and to_identity.source_system = 'crm'
    where
        coalesce(relations.since_date, relations.dt) <= {{ as_of_date() }}
        and (relations.until_date is null or relations.until_date > {{ as_of_date() }})
        and from_identity.customer_id <> to_identity.customer_id
),

both_sides as (
    select
        customer_id,
        related_customer_id,
        relation_type,
        since_date
    from persons
    union all
    select
        persons.related_customer_id as customer_id,
        persons.customer_id as related_customer_id,
        relation_types.inverse_relation_type as relation_type,
        persons.since_date
    from persons
    inner join {{ ref('relation_types') }} as relation_types
        on persons.relation_type = relation_types.relation_type
),

-- What both sides declare is one relation, standing since the earlier date.
relations as (
    select
        customer_id,
        related_customer_id,
        relation_type,
        min(since_date) as since_date
    from both_sides
    group by customer_id, related_customer_id, relation_type
)

select * from relations
