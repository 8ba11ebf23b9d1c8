-- Which tags told who would respond, and for whom the campaign did more than for others. One row a campaign,
-- enumerated tag and value: customers who have it against the other customers of the campaign, by the campaign's
-- primary metric at its conversion window. A tag of which no value tells anything is useless for this offer (哪些标签没用).
-- A value that is only known from after the campaign proves nothing: whoever bought the deposit has one.

with

parameters as (
    select
        {{ normal_quantile('1 - cast(alpha as double) / 2') }} as z_alpha,
        cast(alpha as double) as alpha
    from (
        select {{ parameter_value('alpha') }} as alpha
        from {{ ref('campaign_parameters') }}
        where {{ in_force() }}
    ) as in_force
),

-- The rates of success of both arms, of those who have the value and of the rest.
rates as (
    select
        *,
        {{ rate('x_1', 'n_1') }} as rate_1,
        {{ rate('x_2', 'n_2') }} as rate_2,
        {{ rate('rest_x_1', 'rest_n_1') }} as rest_rate_1,
        {{ rate('rest_x_2', 'rest_n_2') }} as rest_rate_2
    from {{ ref('int_campaign__tag_counts') }}
),

-- What the campaign did for both, and the error of the difference.
effects as (
    select
        rates.*,
        parameters.z_alpha,
        parameters.alpha,
        rates.rate_1 - rates.rate_2 as effect,
        rates.rest_rate_1 - rates.rest_rate_2 as rest_effect,
        {{ two_proportion_z('rates.x_1', 'rates.n_1', 'rates.rest_x_1', 'rates.rest_n_1') }} as response_z,
        sqrt(
            rates.rate_1 * (1 - rates.rate_1) / nullif(rates.n_1, 0)
            + rates.rate_2 * (1 - rates.rate_2) / nullif(rates.n_2, 0)
            + rates.rest_rate_1 * (1 - rates.rest_rate_1) / nullif(rates.rest_n_1, 0)
            + rates.rest_rate_2 * (1 - rates.rest_rate_2) / nullif(rates.rest_n_2, 0)
        ) as interaction_error
    from rates
    cross join parameters
),

-- An arm in which nobody, or everybody, succeeded gives no scatter to judge by: of few customers that says little.
statistics as (
    select
        *,
        case
            when least(x_2, n_2 - x_2, rest_x_2, rest_n_2 - rest_x_2) > 0
                then (effect - rest_effect) / nullif(interaction_error, 0)
        end as interaction_z
    from effects
),

tested as (
    select
        *,
        {{ normal_p('response_z') }} as response_p,
        {{ normal_p('interaction_z') }} as interaction_p
    from statistics
),

-- Holm's correction over all values of all tags of a campaign: of the response, and of the uplift.
responses_corrected as (
    select
        *,
        p_adjusted as response_p_adjusted
    from (
        {{ with_holm('tested', p='response_p', family=['campaign_id'], key=['tag_code', 'tag_value']) }}
    ) as corrected
),

interactions as (
    select
        campaign_id,
        tag_code,
        tag_value,
        interaction_p
    from tested
),

interactions_corrected as (
    {{ with_holm('interactions', p='interaction_p', family=['campaign_id'], key=['tag_code', 'tag_value']) }}
),

-- What the corrected p's tell.
judged as (
    select
        responses.*,
        interactions_corrected.p_adjusted as interaction_p_adjusted,
        coalesce(responses.response_p_adjusted < responses.alpha, false) as tells_response,
        coalesce(interactions_corrected.p_adjusted < responses.alpha, false) as tells_uplift
    from responses_corrected as responses
    inner join interactions_corrected
        on
            responses.campaign_id = interactions_corrected.campaign_id
            and responses.tag_code = interactions_corrected.tag_code
            and responses.tag_value = interactions_corrected.tag_value
),

campaign_tag_effect as (
    select
        campaign_id,
        tag_code,
        tag_name_zh,
        tag_version,
        tag_value,
        value_name_zh,
        is_known_before,
        n_1 as treatment_customers,
        n_2 as control_customers,
        rate_1 as treatment_rate,
        rate_2 as control_rate,
        rest_rate_1 as rest_treatment_rate,
        -- Does the value tell who responds?
        rate_1 - rest_rate_1 as response_difference,
        {{ newcombe_bound('x_1', 'n_1', 'rest_x_1', 'rest_n_1', 'z_alpha', 'lower') }} as response_lower,
        {{ newcombe_bound('x_1', 'n_1', 'rest_x_1', 'rest_n_1', 'z_alpha', 'upper') }} as response_upper,
        response_p,
        response_p_adjusted,
        -- Does the campaign do more for those who have it?
        effect,
        {{ newcombe_bound('x_1', 'n_1', 'x_2', 'n_2', 'z_alpha', 'lower') }} as effect_lower,
        {{ newcombe_bound('x_1', 'n_1', 'x_2', 'n_2', 'z_alpha', 'upper') }} as effect_upper,
        rest_effect,
        effect - rest_effect as uplift_difference,
        effect - rest_effect - z_alpha * interaction_error as uplift_lower,
        effect - rest_effect + z_alpha * interaction_error as uplift_upper,
        interaction_p as uplift_p,
        interaction_p_adjusted as uplift_p_adjusted,
        case
            when not tells_uplift and not tells_response then 'none'
            when not is_known_before then 'unproven'
            when tells_uplift then 'uplift'
            else 'response'
        end as finding,
        max(case when is_known_before and (tells_uplift or tells_response) then 1 else 0 end)
            over (partition by campaign_id, tag_code)
        = 1 as is_useful_tag,
        {{ as_of_date() }} as as_of_date
    from judged
)

select * from campaign_tag_effect
