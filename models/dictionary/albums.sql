-- The tag albums: collections that users make of tags, one row an album, from the exposures that carry one.

{%- set listed = [] -%}
{%- for exposure in graph.get('exposures', {}).values() if exposure.config.get('meta', {}).get('album') -%}
    {%- set album = exposure.config.meta.album -%}
    {%- do listed.append({
        'album': exposure.name, 'name_zh': exposure.label, 'description': exposure.description,
        'owner': exposure.owner.name, 'visibility': album.get('visibility', 'private'),
        'approved_by': album.get('approved_by'), 'approved_date': album.get('approved_date'),
    }) -%}
{%- endfor %}

with

albums as (
    select
        album,
        name_zh,
        description,
        owner,
        visibility,
        approved_by,
        cast(approved_date as date) as approved_date
    from {{ rows_from(listed, [
        'album', 'name_zh', 'description', 'owner', 'visibility', 'approved_by', 'approved_date',
    ]) }} as listed
)

select * from albums
