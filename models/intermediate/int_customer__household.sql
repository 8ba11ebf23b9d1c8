-- The household of each person that CRM knows one of: one row per person. A household is called by the customer_id of
-- its head, who belongs to it too.
with

-- Declared in two households, a person stays in the older one, then in the one with the smaller id.
declared as (
    select
        customer_id,
        related_customer_id as household_id,
        row_number() over (
            partition by customer_id
            order by since_date, related_customer_id
        ) as choice
    from {{ ref('int_customer__relations') }}
    where relation_type = 'HOUSEHOLD'
),

-- A head who is declared in nobody else's household stands in his own.
members as (
    select
        customer_id,
        household_id
    from declared
    where choice = 1
    union all
    select distinct
        heads.household_id as customer_id,
        heads.household_id
    from declared as heads
    left join declared as elsewhere
        on heads.household_id = elsewhere.customer_id
    where
        heads.choice = 1
        and elsewhere.customer_id is null
),

households as (
    select
        customer_id,
        household_id,
        count(*) over (partition by household_id) as household_size
    from members
)

select * from households
