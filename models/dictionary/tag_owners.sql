-- Who answers for how many tags, in which state (责任到人).

with

owned as (
    select
        owner_business as owner_name,
        'business' as owner_type,
        status
    from {{ ref('tag_dictionary') }}

    union all

    select
        owner_technical as owner_name,
        'technical' as owner_type,
        status
    from {{ ref('tag_dictionary') }}
),

tag_owners as (
    select
        owners.owner,
        owners.owner_type,
        owners.responsible_for,
        count(owned.status) as tags,
        count(case when owned.status = 'certified' then 1 end) as certified_tags,
        count(case when owned.status = 'draft' then 1 end) as draft_tags,
        count(case when owned.status in ('deprecated', 'retired') then 1 end) as outgoing_tags
    from {{ ref('owners') }} as owners
    left join owned
        on owners.owner = owned.owner_name and owners.owner_type = owned.owner_type
    group by owners.owner, owners.owner_type, owners.responsible_for
)

select * from tag_owners
