-- The effect of each campaign, by horizon, metric and group: what treatment and control came to, their difference
-- with test and interval, what difference could have been seen, and how many customers the one that was seen would
-- need. Proportions by the pooled z and Newcombe's interval, amounts by Welch's t, beside it adjusted for AUM before
-- (CUPED). What the effect is without the controls who were treated all the same stands beside it (sensitivity). A
-- group that is too small is counted and not shown.

with

parameters as (
    select
        {{ parameter_value('alpha') }} as alpha,
        {{ parameter_value('power') }} as power
    from {{ ref('campaign_parameters') }}
    where {{ in_force() }}
),

quantiles as (
    select
        cast(alpha as double) as alpha,
        cast(power as double) as power,
        {{ normal_quantile('1 - alpha / 2') }} as z_alpha,
        {{ normal_quantile('power') }} as z_power
    from parameters
),

-- Each metric of each group at each horizon, passed or not; one that is too small to be shown finds no sums.
cells as (
    select
        splits.campaign_id,
        horizons.horizon_days,
        metrics.metric,
        metrics.kind,
        splits.group_dimension,
        splits.group_value,
        case
            when splits.treatment_customers + splits.control_customers >= {{ minimum_group_size() }}
                then splits.campaign_id
        end as shown_campaign_id
    from {{ ref('int_campaign__groups') }} as splits
    inner join {{ ref('int_campaign__horizons') }} as horizons
        on splits.campaign_id = horizons.campaign_id
    cross join {{ ref('campaign_metrics') }} as metrics
),

-- Treatment is arm 1, control arm 2.
arms as (
    select
        cells.campaign_id,
        cells.horizon_days,
        cells.metric,
        cells.kind,
        cells.group_dimension,
        cells.group_value,
        max(case when sums.arm = 'TREATMENT' then sums.customers end) as n_1,
        max(case when sums.arm = 'CONTROL' then sums.customers end) as n_2,
        max(case when sums.arm = 'TREATMENT' then sums.sum_y end) as y_1,
        max(case when sums.arm = 'CONTROL' then sums.sum_y end) as y_2,
        max(case when sums.arm = 'TREATMENT' then sums.sum_yy end) as yy_1,
        max(case when sums.arm = 'CONTROL' then sums.sum_yy end) as yy_2,
        max(case when sums.arm = 'TREATMENT' then sums.sum_x end) as x_1,
        max(case when sums.arm = 'CONTROL' then sums.sum_x end) as x_2,
        max(case when sums.arm = 'TREATMENT' then sums.sum_xx end) as xx_1,
        max(case when sums.arm = 'CONTROL' then sums.sum_xx end) as xx_2,
        max(case when sums.arm = 'TREATMENT' then sums.sum_xy end) as xy_1,
        max(case when sums.arm = 'CONTROL' then sums.sum_xy end) as xy_2,
        max(case when sums.arm = 'CONTROL' then sums.clean_customers end) as clean_n_2,
        max(case when sums.arm = 'CONTROL' then sums.clean_sum_y end) as clean_y_2,
        max(case when sums.arm = 'CONTROL' then sums.clean_sum_yy end) as clean_yy_2,
        -- The covariate serves if it is known of everybody.
        min(case when sums.customers_with_covariate = sums.customers then 1 else 0 end) = 1 as has_covariate
    from cells
    left join {{ ref('int_campaign__sums') }} as sums
        on
            cells.shown_campaign_id = sums.campaign_id
            and cells.horizon_days = sums.horizon_days
            and cells.metric = sums.metric
            and cells.group_dimension = sums.group_dimension
            and cells.group_value = sums.group_value
    group by
        cells.campaign_id, cells.horizon_days, cells.metric, cells.kind, cells.group_dimension, cells.group_value
),

-- Scatter matters of amounts only: that of a proportion follows from it.
moments as (
    select
        arms.*,
        quantiles.alpha,
        quantiles.power,
        quantiles.z_alpha,
        quantiles.z_power,
        {{ rate('arms.y_1', 'arms.n_1') }} as mean_1,
        {{ rate('arms.y_2', 'arms.n_2') }} as mean_2,
        {{ rate('arms.y_1', 'arms.n_1') }} - {{ rate('arms.y_2', 'arms.n_2') }} as effect,
        case
            when arms.kind = 'amount' then {{ variance_by_sums('arms.n_1', 'arms.y_1', 'arms.yy_1') }}
        end as variance_1,
        case
            when arms.kind = 'amount' then {{ variance_by_sums('arms.n_2', 'arms.y_2', 'arms.yy_2') }}
        end as variance_2,
        {{ rate('arms.y_1', 'arms.n_1') }} - {{ rate('arms.clean_y_2', 'arms.clean_n_2') }} as clean_effect,
        case
            when arms.kind = 'amount' then {{ variance_by_sums('arms.clean_n_2', 'arms.clean_y_2', 'arms.clean_yy_2') }}
        end as clean_variance_2,
        case
            when arms.kind = 'amount' and arms.has_covariate
                then {{ cuped_theta(
                    '(arms.n_1 + arms.n_2)', '(arms.x_1 + arms.x_2)', '(arms.y_1 + arms.y_2)', '(arms.xx_1 + arms.xx_2)', '(arms.xy_1 + arms.xy_2)'
                ) }}
        end as theta
    from arms
    cross join quantiles
),

adjusted as (
    select
        *,
        effect - theta * ({{ rate('x_1', 'n_1') }} - {{ rate('x_2', 'n_2') }}) as cuped_effect,
        {{ cuped_variance(
            'variance_1', variance_by_sums('n_1', 'x_1', 'xx_1'), covariance_by_sums('n_1', 'x_1', 'y_1', 'xy_1'), 'theta'
        ) }} as cuped_variance_1,
        {{ cuped_variance(
            'variance_2', variance_by_sums('n_2', 'x_2', 'xx_2'), covariance_by_sums('n_2', 'x_2', 'y_2', 'xy_2'), 'theta'
        ) }} as cuped_variance_2
    from moments
),

errors as (
    select
        *,
        {{ welch_standard_error('variance_1', 'n_1', 'variance_2', 'n_2') }} as standard_error,
        {{ welch_degrees_of_freedom('variance_1', 'n_1', 'variance_2', 'n_2') }} as degrees_of_freedom,
        {{ welch_standard_error('cuped_variance_1', 'n_1', 'cuped_variance_2', 'n_2') }} as cuped_standard_error,
        {{ welch_degrees_of_freedom('cuped_variance_1', 'n_1', 'cuped_variance_2', 'n_2') }}
            as cuped_degrees_of_freedom,
        {{ welch_standard_error('variance_1', 'n_1', 'clean_variance_2', 'clean_n_2') }} as clean_standard_error,
        {{ welch_degrees_of_freedom('variance_1', 'n_1', 'clean_variance_2', 'clean_n_2') }} as clean_degrees_of_freedom
    from adjusted
),

-- The test statistics, and how many standard errors an interval is wide.
statistics as (
    select
        *,
        case kind
            when 'proportion' then {{ two_proportion_z('y_1', 'n_1', 'y_2', 'n_2') }}
            else effect / nullif(standard_error, 0)
        end as statistic,
        cuped_effect / nullif(cuped_standard_error, 0) as cuped_statistic,
        {{ student_t_approximate('degrees_of_freedom', 'z_alpha') }} as t_start,
        {{ student_t_approximate('cuped_degrees_of_freedom', 'z_alpha') }} as cuped_t_start,
        {{ student_t_approximate('clean_degrees_of_freedom', 'z_alpha') }} as clean_t_start
    from errors
),

tested as (
    select
        *,
        {{ student_t_critical('alpha', 'degrees_of_freedom', 't_start') }} as t_critical,
        {{ student_t_critical('alpha', 'cuped_degrees_of_freedom', 'cuped_t_start') }} as cuped_t_critical,
        {{ student_t_critical('alpha', 'clean_degrees_of_freedom', 'clean_t_start') }} as clean_t_critical,
        case kind
            when 'proportion' then {{ normal_p('statistic') }}
            else {{ student_t_p('statistic', 'degrees_of_freedom') }}
        end as p_value,
        {{ student_t_p('cuped_statistic', 'cuped_degrees_of_freedom') }} as cuped_p_value
    from statistics
),

estimates as (
    select
        campaign_id,
        horizon_days,
        metric,
        kind,
        group_dimension,
        group_value,
        alpha,
        power,
        n_1 as treatment_customers,
        n_2 as control_customers,
        y_1 as treatment_outcome,
        y_2 as control_outcome,
        mean_1 as treatment_mean,
        mean_2 as control_mean,
        effect,
        case kind
            when 'proportion' then {{ newcombe_bound('y_1', 'n_1', 'y_2', 'n_2', 'z_alpha', 'lower') }}
            else effect - t_critical * standard_error
        end as effect_lower,
        case kind
            when 'proportion' then {{ newcombe_bound('y_1', 'n_1', 'y_2', 'n_2', 'z_alpha', 'upper') }}
            else effect + t_critical * standard_error
        end as effect_upper,
        statistic,
        degrees_of_freedom,
        p_value,
        theta as cuped_theta,
        cuped_effect,
        cuped_effect - cuped_t_critical * cuped_standard_error as cuped_lower,
        cuped_effect + cuped_t_critical * cuped_standard_error as cuped_upper,
        cuped_p_value,
        clean_effect as sensitivity_effect,
        case kind
            when 'proportion' then {{ newcombe_bound('y_1', 'n_1', 'clean_y_2', 'clean_n_2', 'z_alpha', 'lower') }}
            else clean_effect - clean_t_critical * clean_standard_error
        end as sensitivity_lower,
        case kind
            when 'proportion' then {{ newcombe_bound('y_1', 'n_1', 'clean_y_2', 'clean_n_2', 'z_alpha', 'upper') }}
            else clean_effect + clean_t_critical * clean_standard_error
        end as sensitivity_upper,
        case kind
            when 'proportion'
                then {{ detectable_difference(rate('(y_1 + y_2)', '(n_1 + n_2)'), 'n_1', 'n_2', 'z_alpha', 'z_power') }}
            else (z_alpha + z_power) * standard_error
        end as minimum_detectable_effect,
        case kind
            when 'proportion' then {{ required_per_arm('mean_1', 'mean_2', 'z_alpha', 'z_power') }}
            else {{ required_per_arm_of_amounts('effect', 'variance_1', 'variance_2', 'z_alpha', 'z_power') }}
        end as required_per_arm
    from tested
)

select * from estimates
