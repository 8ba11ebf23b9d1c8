-- Whom the customer is connected with: referrers, family, household, friends, and their manager on WeCom.
with

-- Under which key relations are known of a customer: none where the bank delivers no relations. A condition on the
-- customers alone in the join would compare each of them with each.
customers as (
    select
        spine.*,
        case when {{ is_covered(['crm.relations']) }} then spine.customer_id end as related_key
    from {{ ref('int_customer__spine') }} as spine
    left join {{ ref('int_source__covered_from') }} as covered on true
),

-- Persons of whom CRM keeps relations at all: for the others nothing is known, which is not the same as none.
crm_persons as (
    select distinct customer_id
    from {{ ref('int_customer__identity') }}
    where source_system = 'crm'
),

relations as (
    select
        relations.customer_id,
        count(case when relations.relation_type = 'REFERRED' then 1 end) as referral_count,
        count(case when relations.relation_type = 'REFERRED' and related.is_core_customer then 1 end)
            as converted_referral_count,
        count(case when relations.relation_type = 'REFERRED_BY' then 1 end) as referrer_count,
        count(case
            when relations.relation_type = 'SPOUSE' and related.is_core_customer and related.status = 'ACTIVE' then 1
        end) as spouse_at_bank_count,
        count(case when relations.relation_type = 'CHILD' then 1 end) as child_count,
        count(case when relations.relation_type = 'FRIEND' then 1 end) as friend_count
    from {{ ref('int_customer__relations') }} as relations
    inner join {{ ref('int_customer__spine') }} as related
        on relations.related_customer_id = related.customer_id
    group by relations.customer_id
),

known_relations as (
    select
        crm_persons.customer_id,
        coalesce(relations.referral_count, 0) as referral_count,
        coalesce(relations.converted_referral_count, 0) as converted_referral_count,
        coalesce(relations.referrer_count, 0) > 0 as is_referred,
        coalesce(relations.spouse_at_bank_count, 0) > 0 as has_spouse_at_bank,
        coalesce(relations.child_count, 0) > 0 as has_child,
        coalesce(relations.friend_count, 0) as friend_count
    from crm_persons
    left join relations
        on crm_persons.customer_id = relations.customer_id
),

social as (
    select
        spine.customer_id,
        spine.as_of_date,
        known_relations.referral_count,
        known_relations.converted_referral_count,
        known_relations.is_referred,
        households.household_id,
        households.household_size,
        known_relations.has_spouse_at_bank,
        known_relations.has_child,
        known_relations.friend_count,
        profiles.has_wecom_contact
    from customers as spine
    left join known_relations
        on spine.related_key = known_relations.customer_id
    left join {{ ref('int_customer__household') }} as households
        on spine.customer_id = households.customer_id
    left join {{ ref('int_customer__profile') }} as profiles
        on spine.customer_id = profiles.customer_id
)

select * from social
