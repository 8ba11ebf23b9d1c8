-- The household of each person that CRM knows one of: one row per person. Whoever is joined by a declaration, directly or
-- through others, belongs to one household. It is called by the customer_id of its head: whom most name as head, else the
-- eldest, else the smallest id.
{% set rounds = 8 %}

with

declarations as (
    select
        customer_id,
        related_customer_id as named_head
    from {{ ref('int_customer__relations') }}
    where relation_type = 'HOUSEHOLD'
),

-- Each declaration from both sides. Persons go by a hash here, so that no order of their ids makes the joining slow.
joined_0 as (
    select
        customer_id,
        named_head as related_customer_id,
        least({{ sha256_hex('customer_id') }}, {{ sha256_hex('named_head') }}) as household_mark
    from declarations
    union all
    select
        named_head as customer_id,
        customer_id as related_customer_id,
        least({{ sha256_hex('customer_id') }}, {{ sha256_hex('named_head') }}) as household_mark
    from declarations
),

-- The least mark that reaches a person goes to all who are joined with them, and to all who bear their mark so far. Each
-- round at least halves a chain, as a rule; test one_household_per_declaration proves that the rounds were enough.
{% for round in range(rounds) %}
    seen_{{ loop.index }} as (
        select
            customer_id,
            related_customer_id,
            household_mark,
            min(household_mark) over (partition by customer_id) as least_mark
        from joined_{{ loop.index0 }}
    ),

    passed_on_{{ loop.index }} as (
        select
            customer_id,
            related_customer_id,
            household_mark,
            min(least_mark) over (partition by related_customer_id) as least_mark
        from seen_{{ loop.index }}
    ),

    joined_{{ loop.index }} as (
        select
            customer_id,
            related_customer_id,
            min(least_mark) over (partition by household_mark) as household_mark
        from passed_on_{{ loop.index }}
    ),

{% endfor %}
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
