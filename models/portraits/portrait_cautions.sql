-- What asks for care before anything else (先行事项): one row a customer and matter. Filter by customer_id.

{{ config(materialized='view') }}

with

-- Whom some offer may reach; the others are told already that none may.
reached as (
    select customer_id
    from {{ ref('portrait_channels') }}
    group by customer_id
    having count(*) > count(case when closes_offers then 1 end)
),

portrait_cautions as (
    select
        tags.customer_id,
        'personalisation' as matter,
        'ANY' as subject,
        false as is_allowed,
        'opted_out' as because,
        cast(null as string) as because_zh,
        cast(null as string) as because_en,
        'is_personalisation_allowed' as tag_code,
        tags.as_of_date
    from {{ ref('customer_tags') }} as tags
    inner join reached
        on tags.customer_id = reached.customer_id
    where coalesce(tags.has_personalisation_opt_out, false)

    union all

    select
        customer_id,
        'complaint' as matter,
        'ANY' as subject,
        false as is_allowed,
        'open_complaint' as because,
        cast(null as string) as because_zh,
        cast(null as string) as because_en,
        'open_complaint_count' as tag_code,
        as_of_date
    from {{ ref('customer_tags') }}
    where coalesce(open_complaint_count, 0) > 0
)

select * from portrait_cautions
