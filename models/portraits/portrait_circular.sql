-- What differs in a group because the group is defined so (同源标签): one row a group and tag that puts customers into
-- it, is read by what does, or is made of any of these.

{{ config(materialized='view') }}

with

all_groups as (
    select distinct portrait_group
    from {{ ref('portrait_counts') }}
    where portrait_group <> ''
),

-- What puts a customer into the group: its tag; of an audience the tags of its predicate, and those of the gates.
group_tags as (
    select
        portrait_group,
        portrait_group as tag_code
    from all_groups

    union distinct

    select
        audience as portrait_group,
        tag_code
    from {{ ref('audience_tags') }}

    union distinct

    select
        audiences.audience as portrait_group,
        entries.tag_code
    from {{ ref('audiences') }} as audiences
    inner join {{ ref('audience_purposes') }} as purposes
        on audiences.purpose = purposes.purpose
    inner join {{ ref('tag_dictionary') }} as entries
        on
            (purposes.needs_consent and entries.tag_code like '%marketing_consent')
            or (purposes.needs_personalisation and entries.tag_code = 'is_personalisation_allowed')
            or (
                purposes.needs_suitability
                and audiences.product_id is not null
                and entries.tag_code = 'max_sellable_product_rating'
            )
),

-- All members and the others are active, so what reads only that is of no one's making.
ancestors as (
    select
        tag_code,
        input_tag
    from {{ ref('tag_ancestors') }}
    where input_tag <> 'relationship_status'
),

-- The group's own tags and what they are made of, however far behind.
group_inputs as (
    select
        portrait_group,
        tag_code
    from group_tags

    union distinct

    select
        group_tags.portrait_group,
        ancestors.input_tag as tag_code
    from group_tags
    inner join ancestors
        on group_tags.tag_code = ancestors.tag_code
),

-- These, and whatever is made of any of them.
portrait_circular as (
    select
        portrait_group,
        tag_code
    from group_inputs

    union distinct

    select
        group_inputs.portrait_group,
        ancestors.tag_code
    from group_inputs
    inner join ancestors
        on group_inputs.tag_code = ancestors.input_tag
)

select * from portrait_circular
