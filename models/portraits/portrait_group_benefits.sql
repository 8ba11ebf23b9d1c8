-- What each group may be offered (客群可推权益): one row a group, trait and benefit that suits who has it, with the names of
-- those whom the benefit is not for. Whether the group has the trait is what portrait_group tests.

{{ config(materialized='view') }}

with

-- An audience is offered something for its own purpose, a group that is a tag for any.
group_purposes as (
    select distinct
        counts.portrait_group,
        audiences.purpose
    from {{ ref('portrait_counts') }} as counts
    left join {{ ref('audiences') }} as audiences
        on counts.portrait_group = audiences.audience
    where counts.portrait_group <> ''
),

-- For whom each benefit is not.
barred as (
    select distinct
        benefits.benefit,
        entries.tag_code,
        case when entries.name_zh like '是否%' then substring(entries.name_zh, 3) else entries.name_zh end as name_zh
    from {{ ref('portrait_benefits') }} as benefits
    inner join {{ ref('tag_dictionary') }} as entries
        on '|' || benefits.not_for || '|' like '%|' || entries.tag_code || '|%'
),

barred_of_benefits as (
    select
        benefit,
        {{ dbt.listagg('tag_code', "'|'", 'order by tag_code') }} as not_for,
        {{ dbt.listagg('name_zh', "'、'", 'order by tag_code') }} as not_for_zh
    from barred
    group by benefit
),

portrait_group_benefits as (
    select
        group_purposes.portrait_group,
        benefits.tag_code,
        benefits.tag_value,
        benefits.benefit,
        benefits.name_zh,
        benefits.moment_zh,
        benefits.purpose,
        barred_of_benefits.not_for,
        barred_of_benefits.not_for_zh
    from group_purposes
    inner join {{ ref('portrait_benefits') }} as benefits
        on benefits.purpose = coalesce(group_purposes.purpose, benefits.purpose)
    left join barred_of_benefits
        on benefits.benefit = barred_of_benefits.benefit
)

select * from portrait_group_benefits
