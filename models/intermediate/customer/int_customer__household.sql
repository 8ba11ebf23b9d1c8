-- The household of each person that CRM knows one of: one row per person. Whoever is joined by a declaration,
-- directly or through others, belongs to one household. It is called by the customer_id of its head: whom most name
-- as head, else the eldest, else the smallest id.
{% set rounds = 4 %}

with

declarations as (
    select
        customer_id,
        related_customer_id as named_head
    from {{ ref('int_customer__relations') }}
    where relation_type = 'HOUSEHOLD'
),

-- The last rounds of joining; test one_household_per_declaration proves that they were enough.
joined_0 as (
    select * from {{ ref('int_customer__household_links') }}
),

{{ join_households(rounds) }}

members as (
    select
        customer_id,
        min(household_mark) as household_mark
    from joined_{{ rounds }}
    group by customer_id
),

nominations as (
    select
        named_head as customer_id,
        count(*) as nomination_count
    from declarations
    group by named_head
),

ranked as (
    select
        members.customer_id,
        members.household_mark,
        row_number() over (
            partition by members.household_mark
            order by
                coalesce(nominations.nomination_count, 0) desc,
                coalesce(profiles.birth_date, {{ next_day() }}) asc,
                members.customer_id asc
        ) as claim
    from members
    left join nominations
        on members.customer_id = nominations.customer_id
    left join {{ ref('int_customer__profile') }} as profiles
        on members.customer_id = profiles.customer_id
),

households as (
    select
        customer_id,
        max(case when claim = 1 then customer_id end) over (partition by household_mark) as household_id,
        count(*) over (partition by household_mark) as household_size
    from ranked
)

select * from households
