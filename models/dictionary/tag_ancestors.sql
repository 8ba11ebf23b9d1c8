-- What every tag is made of, however many steps behind (全链路血缘): one row a tag and tag that its rule reads, or that a
-- rule behind it reads. The dictionary's tag_rule_inputs has the first step only.
--
-- No engine-neutral SQL recurses, so each join doubles the steps that are followed: three reach eight. A data test
-- fails where a chain of tags is longer.

with

read_tags as (
    select distinct
        tag_code,
        input_name as input_tag
    from {{ ref('tag_rule_inputs') }}
    where input_kind = 'tag'
),

{% set reached = namespace(by='read_tags') %}
{% for steps in [2, 4, 8] %}
    within_{{ steps }} as (
        select
            tag_code,
            input_tag
        from {{ reached.by }}

        union distinct

        select
            near.tag_code,
            far.input_tag
        from {{ reached.by }} as near
        inner join {{ reached.by }} as far
            on near.input_tag = far.tag_code
    ),

    {% set reached.by = 'within_' ~ steps %}
{% endfor %}
tag_ancestors as (
    select
        tag_code,
        input_tag
    from {{ reached.by }}
    where tag_code <> input_tag
)

select * from tag_ancestors
