-- The loop of precise marketing, measured: one row a campaign and indicator, in the order of the five steps (客群筛选,
-- 需求洞察, 个性化推荐, 触达与互动, 效果评估与优化). Of the treatment arm, within the conversion window. What each divides by what stands
-- in the row.

with

members as (
    select
        members.campaign_id,
        members.customer_id,
        members.assigned_date,
        campaigns.conversion_window_days,
        {{ last_counted_day('members.assigned_date', 'campaigns.conversion_window_days') }} as last_day
    from {{ ref('int_campaign__members') }} as members
    inner join {{ ref('int_campaign__campaigns') }} as campaigns
        on members.campaign_id = campaigns.campaign_id
    where members.arm = 'TREATMENT'
),

touched as (
    select
        members.campaign_id,
        members.customer_id,
        max(case when touches.touch_status = 'delivered' then 1 else 0 end) as was_reached,
        max(case when touches.touch_status in ('clicked', 'replied') then 1 else 0 end) as gave_feedback
    from members
    inner join {{ ref('int_campaign__touches') }} as touches
        on
            members.campaign_id = touches.campaign_id
            and members.customer_id = touches.customer_id
            and members.last_day >= touches.touch_date
    group by members.campaign_id, members.customer_id
),

converted as (
    select distinct
        members.campaign_id,
        members.customer_id
    from members
    inner join {{ ref('int_campaign__conversions') }} as conversions
        on
            members.campaign_id = conversions.campaign_id
            and members.customer_id = conversions.customer_id
            and {{ counts_from('conversions.event_date', 'members.assigned_date', 'members.last_day') }}
),

-- Who took up anything at all, and so showed a need.
bought as (
    select distinct
        members.campaign_id,
        members.customer_id
    from members
    inner join {{ ref('int_campaign__events') }} as events
        on
            members.customer_id = events.customer_id
            and {{ counts_from('events.event_date', 'members.assigned_date', 'members.last_day') }}
),

counts as (
    select
        members.campaign_id,
        count(*) as targeted,
        count(case when touched.gave_feedback = 1 or converted.customer_id is not null then 1 end) as hit,
        count(bought.customer_id) as bought_anything,
        count(converted.customer_id) as converted,
        count(case when touched.was_reached = 1 then 1 end) as reached,
        count(case when touched.gave_feedback = 1 then 1 end) as gave_feedback,
        count(activity.customer_id) as active
    from members
    left join touched
        on
            members.campaign_id = touched.campaign_id
            and members.customer_id = touched.customer_id
    left join converted
        on
            members.campaign_id = converted.campaign_id
            and members.customer_id = converted.customer_id
    left join bought
        on
            members.campaign_id = bought.campaign_id
            and members.customer_id = bought.customer_id
    left join {{ ref('int_campaign__activity') }} as activity
        on
            members.campaign_id = activity.campaign_id
            and members.conversion_window_days = activity.horizon_days
            and members.customer_id = activity.customer_id
    group by members.campaign_id
),

-- The last step has no counts: it takes what the readout says.
decided as (
    select
        readout.campaign_id,
        max(case when readout.metric = 'aum_change' then readout.effect end) as aum_uplift,
        max(case when readout.is_primary then readout.effect end) as primary_uplift
    from {{ ref('campaign_readout') }} as readout
    inner join {{ ref('int_campaign__horizons') }} as horizons
        on
            readout.campaign_id = horizons.campaign_id
            and readout.horizon_days = horizons.horizon_days
            and horizons.is_conversion_window
    where
        readout.group_dimension = 'all'
        and readout.verdict <> 'invalid'
    group by readout.campaign_id
),

indicators as (
    select
        counts.campaign_id,
        indicators.indicator,
        case indicators.indicator
            when 'hit_rate' then counts.hit
            when 'relevance' then counts.converted
            when 'conversion_rate' then counts.converted
            when 'activity_rate' then counts.active
            when 'feedback_rate' then counts.gave_feedback
        end as numerator,
        case indicators.indicator
            when 'hit_rate' then counts.targeted
            when 'relevance' then counts.bought_anything
            when 'conversion_rate' then counts.targeted
            when 'activity_rate' then counts.targeted
            when 'feedback_rate' then counts.reached
        end as denominator,
        counts.targeted >= {{ minimum_group_size() }} as is_shown,
        case indicators.indicator
            when 'roi' then brought.roi_short
            when 'customer_uplift' then decided.primary_uplift
            when 'aum_uplift' then decided.aum_uplift
        end as readout_value,
        indicators.step_order,
        indicators.step_zh,
        indicators.name_zh,
        indicators.formula_zh
    from counts
    cross join {{ ref('campaign_indicators') }} as indicators
    left join decided
        on counts.campaign_id = decided.campaign_id
    left join {{ ref('campaign_returns') }} as brought
        on
            counts.campaign_id = brought.campaign_id
            and brought.is_conversion_window
),

campaign_scorecard as (
    select
        campaign_id,
        step_order,
        step_zh,
        indicator,
        name_zh,
        case when is_shown then numerator end as numerator,
        case when is_shown then denominator end as denominator,
        case when is_shown then coalesce({{ rate('numerator', 'denominator') }}, readout_value) end as indicator_value,
        formula_zh,
        {{ as_of_date() }} as as_of_date
    from indicators
)

select * from campaign_scorecard
