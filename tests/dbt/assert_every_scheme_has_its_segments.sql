-- Every segmentation scheme is by a tag that there is, and customer_segments has customers in it. A failing row names the scheme.
with

schemes as (
    select
        schemes.scheme,
        schemes.tag_code,
        dictionary.tag_code is not null as is_tag
    from {{ ref('segmentation_schemes') }} as schemes
    left join {{ ref('tag_dictionary') }} as dictionary
        on schemes.tag_code = dictionary.tag_code
),

populated as (
    select distinct scheme from {{ ref('customer_segments') }}
)

select
    schemes.scheme,
    case
        when not schemes.is_tag then 'no tag is called ' || schemes.tag_code
        else 'customer_segments has no row of it: add the scheme there'
    end as problem
from schemes
left join populated
    on schemes.scheme = populated.scheme
where not schemes.is_tag or populated.scheme is null
