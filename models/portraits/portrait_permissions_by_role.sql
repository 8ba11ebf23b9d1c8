-- What each role may see of what may be done with a customer, by purpose: the rows of portrait_permissions that it may
-- see, and one row for each matter that is masked. What a page masks is decided here. Filter by customer_id and role.
--
-- A masked row is the same for every customer. Two matters are of the page itself: beside, what stands beside the tags
-- (a masked name, who looks after whom, tasks), and outlook, the amounts of the tier.

{{ config(materialized='view') }}

with

-- Which matters a role may see: those of which it may see everything that they are judged by. What has no class is
-- seen by nobody.
classes as (
    select
        readers.role,
        readers.purpose,
        matters.matter,
        matters.masked_as,
        count(*) = count(
            case
                when
                    coalesce(entries.sensitivity, matters.sensitivity) <= readers.highest_sensitivity
                    and coalesce(entries.security_level, matters.security_level) <= readers.highest_security_level
                    then 1
            end
        ) as may_see
    from {{ ref('portrait_matters') }} as matters
    cross join {{ ref('portrait_roles') }} as readers
    left join {{ ref('tag_dictionary') }} as entries
        on matters.tag_code = entries.tag_code
    group by readers.role, readers.purpose, matters.matter, matters.masked_as
),

seen as (
    select
        classes.role,
        classes.purpose,
        permissions.*
    from {{ ref('portrait_permissions') }} as permissions
    inner join classes
        on
            permissions.matter = classes.matter
            and classes.may_see
),

-- What is masked, whether or not there is anything to say; and what a role may see of the page itself.
about_the_page as (
    select
        classes.role,
        classes.purpose,
        tags.customer_id,
        classes.matter,
        classes.may_see,
        tags.as_of_date
    from {{ ref('customer_tags') }} as tags
    cross join classes
    where
        classes.matter = classes.masked_as
        and (not classes.may_see or classes.matter in ('beside', 'outlook'))
),

portrait_permissions_by_role as (
    select
        role,
        purpose,
        customer_id,
        matter,
        subject,
        subject_zh,
        subject_en,
        is_allowed,
        is_allowed_for_service,
        because,
        because_zh,
        because_en,
        service_because_zh,
        false as is_masked,
        as_of_date
    from seen

    union all

    select
        role,
        purpose,
        customer_id,
        matter,
        'ANY' as subject,
        cast(null as string) as subject_zh,
        cast(null as string) as subject_en,
        may_see as is_allowed,
        cast(null as boolean) as is_allowed_for_service,
        case when not may_see then 'masked' end as because,
        cast(null as string) as because_zh,
        cast(null as string) as because_en,
        cast(null as string) as service_because_zh,
        not may_see as is_masked,
        as_of_date
    from about_the_page
)

select * from portrait_permissions_by_role
