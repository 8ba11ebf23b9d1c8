-- All that a readout needs of its customers: counts and sums by campaign, horizon, metric, group and arm, and of those
-- who were not contaminated. Decimal
-- sums are exact, so the same date gives the same figures whatever the order of the rows. Reads the outcomes once for
-- each metric and grouping.

with

-- An amount beyond ten trillion counts as that: it is no sample to learn from, and the sum of its squares has to fit
-- (DECISIONS 72).
outcomes as (
    select
        ends.campaign_id,
        ends.horizon_days,
        ends.arm,
        ends.tier,
        ends.has_converted,
        ends.has_repurchased,
        ends.is_active,
        ends.active_days,
        {% for amount in ['aum_before', 'amount_bought', 'aum_change', 'margin', 'margin_long'] %}
            case
                when ends.{{ amount }} is not null
                    then greatest(least(ends.{{ amount }}, 10000000000000), -10000000000000)
            end as {{ amount }},
        {% endfor %}
        ends.has_churned,
        contamination.customer_id is null as is_clean
    from {{ ref('int_campaign__outcomes') }} as ends
    left join {{ ref('int_campaign__contamination') }} as contamination
        on
            ends.campaign_id = contamination.campaign_id
            and ends.customer_id = contamination.customer_id
),

values_by_metric as (
    select
        outcomes.campaign_id,
        outcomes.horizon_days,
        outcomes.arm,
        outcomes.tier,
        metrics.metric,
        outcomes.is_clean,
        -- A digit more than the amounts have, so that both engines multiply in their widest decimal.
        cast(outcomes.aum_before as decimal(19, 2)) as x,
        case metrics.metric
            when 'conversion' then cast(case when outcomes.has_converted then 1 else 0 end as decimal(19, 2))
            when 'repurchase' then cast(case when outcomes.has_repurchased then 1 else 0 end as decimal(19, 2))
            when 'activity' then cast(case when outcomes.is_active then 1 else 0 end as decimal(19, 2))
            when 'churn' then cast(case when outcomes.has_churned then 1 else 0 end as decimal(19, 2))
            when 'amount_bought' then cast(outcomes.amount_bought as decimal(19, 2))
            when 'aum_change' then cast(outcomes.aum_change as decimal(19, 2))
            when 'margin' then cast(outcomes.margin as decimal(19, 2))
            when 'active_days' then cast(outcomes.active_days as decimal(19, 2))
            when 'margin_long' then cast(outcomes.margin_long as decimal(19, 2))
        end as y
    from outcomes
    cross join {{ ref('campaign_metrics') }} as metrics
),

grouped as (
    select
        campaign_id,
        horizon_days,
        metric,
        'all' as group_dimension,
        'all' as group_value,
        arm,
        is_clean,
        x,
        y
    from values_by_metric

    union all

    select
        campaign_id,
        horizon_days,
        metric,
        'tier' as group_dimension,
        tier as group_value,
        arm,
        is_clean,
        x,
        y
    from values_by_metric
    where tier is not null
),

sums as (
    select
        campaign_id,
        horizon_days,
        metric,
        group_dimension,
        group_value,
        arm,
        count(*) as customers,
        sum(y) as sum_y,
        sum(y * y) as sum_yy,
        count(x) as customers_with_covariate,
        sum(x) as sum_x,
        sum(x * x) as sum_xx,
        sum(x * y) as sum_xy,
        count(case when is_clean then 1 end) as clean_customers,
        sum(case when is_clean then y end) as clean_sum_y,
        sum(case when is_clean then y * y end) as clean_sum_yy
    from grouped
    group by campaign_id, horizon_days, metric, group_dimension, group_value, arm
)

select * from sums
