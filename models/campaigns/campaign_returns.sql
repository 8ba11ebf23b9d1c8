-- What a campaign brought and what it cost, at each horizon that has passed: conversions credited to it by last touch
-- beside those that it caused, and the return on its cost, of the first year and over the life of what was bought,
-- as each conversion is worth (int_campaign__conversions). Only what it caused pays for it (DECISIONS 68).

with

horizons as (
    select
        horizons.campaign_id,
        campaigns.campaign_name,
        horizons.horizon_days,
        horizons.is_conversion_window,
        horizons.observed_on
    from {{ ref('int_campaign__horizons') }} as horizons
    inner join {{ ref('int_campaign__campaigns') }} as campaigns
        on horizons.campaign_id = campaigns.campaign_id
    where horizons.is_observed
),

-- All that was spent by the end of the horizon.
costs as (
    select
        horizons.campaign_id,
        horizons.horizon_days,
        sum(spent.amount) as cost_amount
    from horizons
    inner join {{ ref('stg_marketing__costs') }} as spent
        on
            horizons.campaign_id = spent.campaign_id
            and horizons.observed_on >= spent.cost_date
    group by horizons.campaign_id, horizons.horizon_days
),

-- Members of both arms: a control who was written to by mistake is credited as well.
credited as (
    select
        horizons.campaign_id,
        horizons.horizon_days,
        count(distinct attributions.customer_id) as attributed_customers,
        sum(attributions.margin) as attributed_margin,
        sum(attributions.margin_long) as attributed_margin_long
    from horizons
    inner join {{ ref('int_campaign__members') }} as members
        on horizons.campaign_id = members.campaign_id
    inner join {{ ref('int_campaign__attributions') }} as attributions
        on
            members.campaign_id = attributions.campaign_id
            and members.customer_id = attributions.customer_id
            and {{ counts_from(
                'attributions.event_date', 'members.assigned_date',
                last_counted_day('members.assigned_date', 'horizons.horizon_days')
            ) }}
    group by horizons.campaign_id, horizons.horizon_days
),

-- The effect on a customer times the customers of the treatment arm; of an invalid comparison there is none.
caused as (
    select
        campaign_id,
        horizon_days,
        max(treatment_customers) as treatment_customers,
        max(case when metric = 'conversion' then effect * treatment_customers end) as incremental_customers,
        max(case when metric = 'conversion' then effect_lower * treatment_customers end) as incremental_customers_lower,
        max(case when metric = 'conversion' then effect_upper * treatment_customers end) as incremental_customers_upper,
        max(case when metric = 'margin' then effect * treatment_customers end) as incremental_margin,
        max(case when metric = 'margin' then effect_lower * treatment_customers end) as incremental_margin_lower,
        max(case when metric = 'margin' then effect_upper * treatment_customers end) as incremental_margin_upper,
        max(case when metric = 'margin_long' then effect * treatment_customers end) as incremental_margin_long,
        max(case when metric = 'margin_long' then effect_lower * treatment_customers end)
            as incremental_margin_long_lower,
        max(case when metric = 'margin_long' then effect_upper * treatment_customers end)
            as incremental_margin_long_upper,
        max(case when metric = 'conversion' then verdict end) as conversion_verdict,
        max(case when metric = 'margin' then verdict end) as margin_verdict,
        max(confidence_level) as confidence_level
    from {{ ref('campaign_readout') }}
    where
        group_dimension = 'all'
        and verdict <> 'invalid'
    group by campaign_id, horizon_days
),

campaign_returns as (
    select
        horizons.campaign_id,
        horizons.campaign_name,
        horizons.horizon_days,
        horizons.is_conversion_window,
        caused.treatment_customers,
        coalesce(credited.attributed_customers, 0) as attributed_customers,
        cast(coalesce(credited.attributed_margin, 0) as decimal(28, 2)) as attributed_margin,
        cast(coalesce(credited.attributed_margin_long, 0) as decimal(28, 2)) as attributed_margin_long,
        caused.incremental_customers,
        caused.incremental_customers_lower,
        caused.incremental_customers_upper,
        caused.incremental_margin,
        caused.incremental_margin_lower,
        caused.incremental_margin_upper,
        caused.incremental_margin_long,
        caused.incremental_margin_long_lower,
        caused.incremental_margin_long_upper,
        caused.conversion_verdict,
        caused.margin_verdict,
        caused.confidence_level,
        cast(coalesce(costs.cost_amount, 0) as decimal(28, 2)) as cost_amount,
        {{ rate('(caused.incremental_margin - costs.cost_amount)', 'costs.cost_amount') }}
            as roi_short,
        {{ rate('(caused.incremental_margin_lower - costs.cost_amount)', 'costs.cost_amount') }}
            as roi_short_lower,
        {{ rate('(caused.incremental_margin_upper - costs.cost_amount)', 'costs.cost_amount') }}
            as roi_short_upper,
        {{ rate('(caused.incremental_margin_long - costs.cost_amount)', 'costs.cost_amount') }}
            as roi_ltv,
        {{ rate('(caused.incremental_margin_long_lower - costs.cost_amount)', 'costs.cost_amount') }}
            as roi_ltv_lower,
        {{ rate('(caused.incremental_margin_long_upper - costs.cost_amount)', 'costs.cost_amount') }}
            as roi_ltv_upper,
        {{ as_of_date() }} as as_of_date
    from horizons
    left join costs
        on
            horizons.campaign_id = costs.campaign_id
            and horizons.horizon_days = costs.horizon_days
    left join credited
        on
            horizons.campaign_id = credited.campaign_id
            and horizons.horizon_days = credited.horizon_days
    left join caused
        on
            horizons.campaign_id = caused.campaign_id
            and horizons.horizon_days = caused.horizon_days
)

select * from campaign_returns
