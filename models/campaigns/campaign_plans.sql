-- The campaigns that `banktags audience freeze` and the reports know: what each sells, from when to when, and how many
-- customers were assigned to it or contacted for it already.
with

assigned as (
    select
        campaign_id,
        count(distinct customer_id) as customers
    from {{ ref('int_campaign__assignments') }}
    group by campaign_id
),

touched as (
    select
        campaign_id,
        count(distinct customer_id) as customers
    from {{ ref('int_campaign__touches') }}
    group by campaign_id
),

campaign_plans as (
    select
        campaigns.campaign_id,
        campaigns.campaign_name,
        campaigns.goal,
        campaigns.goal_name_zh,
        campaigns.primary_metric,
        campaigns.product_id,
        campaigns.product_name,
        campaigns.product_category,
        campaigns.conversion_name_zh,
        campaigns.conversion_scope,
        campaigns.start_date,
        campaigns.end_date,
        campaigns.control_share,
        campaigns.drawn_control_share,
        campaigns.conversion_window_days,
        coalesce(assigned.customers, 0) as assigned_customers,
        coalesce(touched.customers, 0) as touched_customers
    from {{ ref('int_campaign__campaigns') }} as campaigns
    left join assigned on campaigns.campaign_id = assigned.campaign_id
    left join touched on campaigns.campaign_id = touched.campaign_id
)

select * from campaign_plans
