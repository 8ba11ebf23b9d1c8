-- Whether albums keep the rules: what a public album shows has been approved by another, and is certified.

{{ config(materialized='view') }}

with

albums as (
    select
        *,
        'album ' || album as subject
    from {{ ref('albums') }}
),

items as (
    select
        albums.subject,
        albums.visibility,
        items.tag_code,
        items.reads,
        entries.model_name,
        entries.status
    from albums
    inner join {{ ref('album_items') }} as items
        on albums.album = items.album
    left join {{ ref('tag_dictionary') }} as entries
        on items.tag_code = entries.tag_code
),

check_albums as (
    select
        'album_visibility' as check_name,
        cast(null as string) as tag_code,
        subject,
        case when visibility not in ('private', 'public') then 'its visibility is ' || visibility end as problem,
        'choose private or public' as remedy
    from albums

    union all

    select
        'album_approved' as check_name,
        cast(null as string) as tag_code,
        subject,
        case
            when approved_by is null then 'it is public without approval'
            when approved_date is null then 'the day of its approval is not on record'
            when approved_by = owner then 'its owner ' || owner || ' approved it'
        end as problem,
        'let another than the owner approve it (approved_by, approved_date), or make it private' as remedy
    from albums
    where visibility = 'public'

    union all

    select
        'album_tag_known' as check_name,
        tag_code,
        subject,
        case when model_name is null then 'it holds ' || tag_code || ', which is no tag' end as problem,
        'correct the code in config.meta.album.tags of the exposure' as remedy
    from items

    union all

    select
        'album_tag_certified' as check_name,
        tag_code,
        subject,
        case
            when status <> 'certified' then 'it is public and holds ' || tag_code || ', which is ' || status
        end as problem,
        'have the tag certified first, or keep the album private' as remedy
    from items
    where visibility = 'public'

    union all

    -- The lineage of the catalogue shows who uses a tag only if the exposure depends on its model.
    select
        'album_lineage' as check_name,
        tag_code,
        subject,
        case
            when ' ' || reads || ' ' not like '% ' || model_name || ' %'
                then 'it holds ' || tag_code || ' but does not depend on ' || model_name
        end as problem,
        'add a ref to ' || model_name || ' to depends_on of the exposure' as remedy
    from items
)

select * from check_albums
