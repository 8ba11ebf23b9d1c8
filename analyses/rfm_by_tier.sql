-- How RFM classes spread over the tiers: wealthy customers whom nobody has seen of late stand at 重要保持 and 重要挽留.
select
    tags.aum_tier,
    classes.name_zh as rfm_class_name,
    count(*) as customers,
    sum(tags.aum_month_avg) as aum_month_avg,
    round(100.0 * count(*) / sum(count(*)) over (partition by tags.aum_tier), 1) as percent_of_tier
from {{ ref('customer_tags') }} as tags
inner join {{ ref('rfm_classes') }} as classes
    on tags.rfm_class = classes.rfm_class
where tags.aum_tier is not null
group by tags.aum_tier, tags.aum_tier_rank, classes.name_zh
order by tags.aum_tier_rank desc, customers desc
