-- The campaign table of the documents, one row a campaign and one for all of them: customers, click, conversion and
-- repurchase rates of the treatment arm and the return. Beside them what the documents' table lacks: what of it the
-- campaign caused, and whether that is known.

with

funnel as (
    select
        campaign_id,
        campaign_name,
        max(case when step = 'assigned' then customers end) as customers,
        max(case when step = 'clicked' then customers end) as clicked_customers,
        max(case when step = 'ordered' then customers end) as converted_customers,
        max(case when step = 'repurchased' then customers end) as repurchased_customers
    from {{ ref('campaign_funnel') }}
    where
        group_dimension = 'arm'
        and group_value = 'TREATMENT'
    group by campaign_id, campaign_name
),

decisions as (
    select
        campaign_id,
        campaign_name,
        metric,
        effect,
        effect_lower,
        effect_upper,
        metric_kind,
        confidence_level,
        p_value,
        verdict,
        reason
    from {{ ref('campaign_readout') }}
    where is_primary
),

campaigns as (
    select
        decisions.campaign_id,
        decisions.campaign_name,
        coalesce(funnel.customers, 0) as customers,
        funnel.clicked_customers,
        funnel.converted_customers,
        funnel.repurchased_customers,
        brought.cost_amount,
        brought.roi_short,
        brought.roi_short_lower,
        brought.roi_short_upper,
        brought.roi_ltv,
        brought.roi_ltv_lower,
        brought.roi_ltv_upper,
        brought.margin_verdict,
        decisions.metric as primary_metric,
        decisions.metric_kind,
        decisions.confidence_level,
        decisions.effect,
        decisions.effect_lower,
        decisions.effect_upper,
        decisions.p_value,
        decisions.verdict,
        decisions.reason
    from decisions
    left join funnel
        on decisions.campaign_id = funnel.campaign_id
    left join {{ ref('campaign_returns') }} as brought
        on
            decisions.campaign_id = brought.campaign_id
            and brought.is_conversion_window
),

-- Campaigns differ in goal and offer, so that their effects have no sum.
rows_and_total as (
    select * from campaigns

    union all

    select
        'TOTAL' as campaign_id,
        '合计' as campaign_name,
        sum(customers) as customers,
        sum(clicked_customers) as clicked_customers,
        sum(converted_customers) as converted_customers,
        sum(repurchased_customers) as repurchased_customers,
        sum(cost_amount) as cost_amount,
        cast(null as double) as roi_short,
        cast(null as double) as roi_short_lower,
        cast(null as double) as roi_short_upper,
        cast(null as double) as roi_ltv,
        cast(null as double) as roi_ltv_lower,
        cast(null as double) as roi_ltv_upper,
        cast(null as string) as margin_verdict,
        cast(null as string) as primary_metric,
        cast(null as string) as metric_kind,
        cast(null as double) as confidence_level,
        cast(null as double) as effect,
        cast(null as double) as effect_lower,
        cast(null as double) as effect_upper,
        cast(null as double) as p_value,
        cast(null as string) as verdict,
        cast(null as string) as reason
    from campaigns
    having count(*) > 0
),

campaign_summary as (
    select
        campaign_id,
        campaign_name,
        cast(customers as bigint) as customers,
        cast(clicked_customers as bigint) as clicked_customers,
        cast(converted_customers as bigint) as converted_customers,
        cast(repurchased_customers as bigint) as repurchased_customers,
        {{ rate('clicked_customers', 'customers') }} as click_rate,
        {{ rate('converted_customers', 'customers') }} as conversion_rate,
        {{ rate('repurchased_customers', 'customers') }} as repurchase_rate,
        {{ rate('converted_customers', 'clicked_customers') }} as conversion_per_click,
        {{ rate('repurchased_customers', 'converted_customers') }} as repurchase_per_conversion,
        cast(cost_amount as decimal(28, 2)) as cost_amount,
        roi_short,
        roi_short_lower,
        roi_short_upper,
        roi_ltv,
        roi_ltv_lower,
        roi_ltv_upper,
        margin_verdict,
        primary_metric,
        metric_kind,
        confidence_level,
        effect,
        effect_lower,
        effect_upper,
        p_value,
        verdict,
        reason,
        {{ as_of_date() }} as as_of_date
    from rows_and_total
)

select * from campaign_summary
