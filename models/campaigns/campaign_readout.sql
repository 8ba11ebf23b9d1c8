-- Did the campaign do what it was for? One row a campaign, horizon, metric and group, with a verdict that may be that
-- nothing is known. The metric of the campaign's goal over all its customers at its own window decides, and is tested
-- by itself; all the other comparisons of the campaign are corrected for their number.

with

parameters as (
    select
        cast({{ parameter_value('sample_ratio_p_below') }} as double) as sample_ratio_p_below,
        cast({{ parameter_value('saturated_from', item='higher') }} as double)
            as saturated_from_of_higher,
        cast({{ parameter_value('saturated_from', item='lower') }} as double)
            as saturated_from_of_lower
    from {{ ref('campaign_parameters') }}
    where {{ in_force() }}
),

comparisons as (
    select
        estimates.*,
        metrics.name_zh as metric_name_zh,
        metrics.better,
        metrics.metric_order,
        campaigns.campaign_name,
        campaigns.goal,
        horizons.is_observed,
        horizons.observed_on,
        splits.treatment_customers as assigned_treatment,
        splits.control_customers as assigned_control,
        splits.planned_control_share,
        splits.drawn_control_share,
        splits.sample_ratio_chi_square,
        splits.sample_ratio_p,
        splits.contaminated_controls,
        splits.cross_treated_controls,
        splits.assigned_after_touch,
        whole.both_arms_customers,
        splits.treatment_customers = 0 or splits.control_customers = 0 as lacks_an_arm,
        coalesce(splits.sample_ratio_p < parameters.sample_ratio_p_below, false)
        or coalesce(whole.sample_ratio_p < parameters.sample_ratio_p_below, false) as has_sample_ratio_mismatch,
        splits.treatment_customers + splits.control_customers
        < {{ minimum_group_size() }} as is_too_small,
        -- Almost everybody of both arms does it, or almost nobody does what is not wanted: there is no room to differ.
        coalesce(
            estimates.kind = 'proportion'
            and case metrics.better
                when 'higher'
                    then least(estimates.treatment_mean, estimates.control_mean) >= parameters.saturated_from_of_higher
                else
                    1 - greatest(estimates.treatment_mean, estimates.control_mean) >= parameters.saturated_from_of_lower
            end,
            false
        ) as is_saturated,
        horizons.is_conversion_window
        and estimates.group_dimension = 'all'
        and estimates.metric = campaigns.primary_metric as is_primary
    from {{ ref('int_campaign__estimates') }} as estimates
    inner join {{ ref('int_campaign__campaigns') }} as campaigns
        on estimates.campaign_id = campaigns.campaign_id
    inner join {{ ref('int_campaign__horizons') }} as horizons
        on
            estimates.campaign_id = horizons.campaign_id
            and estimates.horizon_days = horizons.horizon_days
    inner join {{ ref('int_campaign__groups') }} as splits
        on
            estimates.campaign_id = splits.campaign_id
            and estimates.group_dimension = splits.group_dimension
            and estimates.group_value = splits.group_value
    inner join {{ ref('int_campaign__groups') }} as whole
        on
            estimates.campaign_id = whole.campaign_id
            and whole.group_dimension = 'all'
    inner join {{ ref('campaign_metrics') }} as metrics
        on estimates.metric = metrics.metric
    cross join parameters
),

corrected as (
    {{ with_holm(
        'comparisons', p='p_value', family=['campaign_id', 'is_primary'], key=['horizon_days', 'metric', 'group_dimension', 'group_value']
    ) }}
),

-- First what forbids a verdict, then the verdict.
judged as (
    select
        *,
        case
            when lacks_an_arm and group_dimension = 'all' then 'no_control'
            when has_sample_ratio_mismatch then 'sample_ratio_mismatch'
            when is_too_small then 'group_too_small'
            when lacks_an_arm then 'no_control'
            when not is_observed then 'not_yet_observed'
            when p_value is null then 'no_variation'
            when p_adjusted < alpha then 'significant'
            when is_saturated then 'saturated'
            when p_value < alpha then 'not_after_correction'
            else 'not_significant'
        end as reason
    from corrected
),

campaign_readout as (
    select
        campaign_id,
        campaign_name,
        goal,
        horizon_days,
        metric,
        metric_name_zh,
        kind as metric_kind,
        better,
        group_dimension,
        group_value,
        is_primary,
        is_observed,
        observed_on,
        -- How it was split.
        assigned_treatment as treatment_customers,
        assigned_control as control_customers,
        planned_control_share,
        drawn_control_share,
        sample_ratio_chi_square,
        sample_ratio_p,
        contaminated_controls,
        cross_treated_controls,
        assigned_after_touch,
        both_arms_customers,
        -- What came of it.
        cast(treatment_outcome as decimal(38, 2)) as treatment_outcome,
        cast(control_outcome as decimal(38, 2)) as control_outcome,
        treatment_mean,
        control_mean,
        effect,
        effect_lower,
        effect_upper,
        statistic,
        degrees_of_freedom,
        p_value,
        tests_in_family,
        p_adjusted,
        cuped_theta,
        cuped_effect,
        cuped_lower,
        cuped_upper,
        cuped_p_value,
        sensitivity_effect,
        sensitivity_lower,
        sensitivity_upper,
        is_saturated,
        -- By which level it is judged.
        alpha,
        1 - alpha as confidence_level,
        power,
        -- What could have been seen.
        minimum_detectable_effect,
        required_per_arm,
        case
            when reason in ('no_control', 'sample_ratio_mismatch') then 'invalid'
            when reason = 'group_too_small' then 'suppressed'
            when reason = 'not_yet_observed' then 'pending'
            when reason <> 'significant' then 'inconclusive'
            when (effect > 0) = (better = 'higher') then 'win'
            else 'loss'
        end as verdict,
        reason,
        {{ as_of_date() }} as as_of_date
    from judged
)

select * from campaign_readout
