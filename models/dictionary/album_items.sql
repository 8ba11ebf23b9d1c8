-- Which tags each album holds, in the order that its owner gave them.

{%- set listed = [] -%}
{%- for exposure in graph.get('exposures', {}).values() if exposure.config.get('meta', {}).get('album') -%}
    {%- set reads = exposure.depends_on.nodes | map('replace', 'model.bank_tags.', '') | list -%}
    {%- for tag_code in exposure.config.meta.album.get('tags', []) -%}
        {%- do listed.append({
            'album': exposure.name, 'tag_code': tag_code, 'item_no': loop.index, 'reads': reads | join(' '),
        }) -%}
    {%- endfor -%}
{%- endfor %}

with

album_items as (
    select
        album,
        tag_code,
        cast(item_no as int) as item_no,
        reads
    from {{ rows_from(listed, ['album', 'tag_code', 'item_no', 'reads']) }} as listed
)

select * from album_items
