-- Which tags told who would respond, and for whom the campaign did more than for others. One row a campaign,
-- enumerated tag and value: customers who have it against the other customers of the campaign, by the campaign's
-- primary metric at its conversion window. A tag of which no value tells anything is useless for this offer (哪些标签没用).
-- A value that is only known from after the campaign proves nothing: whoever bought the deposit has one. Reads the
-- wide mart once, for the members only, and what has changed in them since.

with

parameters as (
    select
        {{ normal_quantile('1 - cast(alpha as double) / 2') }} as z_alpha,
        cast(alpha as double) as alpha
    from (
        select {{ campaign_parameter('alpha') }} as alpha
        from {{ ref('campaign_parameters') }}
        where {{ in_force() }}
    ) as in_force
),

-- A success is what is wanted: of churn, that it did not happen, of active days more than the average of the campaign.
members as (
    select
        outcomes.campaign_id,
        outcomes.customer_id,
        outcomes.arm,
        members.assigned_date,
        case campaigns.primary_metric
            when 'conversion' then outcomes.has_converted
            when 'activity' then outcomes.is_active
            when 'churn' then not outcomes.has_churned
            when 'active_days'
                then outcomes.active_days > avg(outcomes.active_days) over (partition by outcomes.campaign_id)
        end as is_success
    from {{ ref('int_campaign__outcomes') }} as outcomes
    inner join {{ ref('int_campaign__horizons') }} as horizons
        on
            outcomes.campaign_id = horizons.campaign_id
            and outcomes.horizon_days = horizons.horizon_days
            and horizons.is_conversion_window
    inner join {{ ref('int_campaign__campaigns') }} as campaigns
        on outcomes.campaign_id = campaigns.campaign_id
    inner join {{ ref('int_campaign__members') }} as members
        on
            outcomes.campaign_id = members.campaign_id
            and outcomes.customer_id = members.customer_id
),

tagged_members as (
    select *
    from {{ ref('customer_tags') }}
    where customer_id in (select members.customer_id from members)
),

-- The day since which the bank has known each of them as a customer.
customers_since as (
    select
        customer_id,
        cast({{ dbt.dateadd('day', '-cast(tenure_days as int)', 'as_of_date') }} as date) as customer_since
    from tagged_members
),

today_values as (
    {{ unpivot_tags('tagged_members', ['customer_id', 'as_of_date']) }}
),

tracked as (
    select
        tag_code,
        min(as_of_date) as tracked_from
    from {{ ref('tag_versions') }}
    group by tag_code
),

-- Tags whose values are listed; not those that say how customers answer to messages, which the campaign itself decides.
tags as (
    select
        entries.tag_code,
        entries.name_zh,
        entries.version,
        lasting.tag_code is not null as is_lasting,
        case when entries.status = 'certified' then tracked.tracked_from end as tracked_from
    from {{ ref('tag_dictionary') }} as entries
    left join {{ ref('lasting_tags') }} as lasting
        on entries.tag_code = lasting.tag_code
    left join tracked
        on entries.tag_code = tracked.tag_code
    where
        entries.tag_code in (select listed.tag_code from {{ ref('tag_values') }} as listed)
        and entries.path not like '行为/触达%'
        and entries.security_level <= 3
),

-- The value on the day of the assignment where the history reaches back to it, else today's, which the campaign may
-- have moved: who a person is lasts, but of whom the campaign made a customer it was not known before. Dates are
-- compared here and not in the join, which so stays one by hash.
tag_values_of_members as (
    select
        members.campaign_id,
        members.customer_id,
        members.arm,
        members.is_success,
        today_values.tag_code,
        coalesce(
            case when members.assigned_date >= tags.tracked_from then changes.value_before end, today_values.tag_value
        ) as tag_value,
        (tags.is_lasting and coalesce(members.assigned_date >= customers_since.customer_since, false))
        or coalesce(members.assigned_date >= tags.tracked_from, false)
        and (changes.tag_code is null or changes.value_before is not null) as is_known_before
    from members
    inner join customers_since
        on members.customer_id = customers_since.customer_id
    inner join today_values
        on members.customer_id = today_values.customer_id
    inner join tags
        on today_values.tag_code = tags.tag_code
    left join {{ ref('campaign_tag_changes') }} as changes
        on
            members.campaign_id = changes.campaign_id
            and members.customer_id = changes.customer_id
            and today_values.tag_code = changes.tag_code
),

-- Treatment is arm 1, control arm 2; with_ has the value, all_ is the campaign.
wholes as (
    select
        campaign_id,
        count(case when arm = 'TREATMENT' then 1 end) as all_n_1,
        count(case when arm = 'CONTROL' then 1 end) as all_n_2,
        count(case when arm = 'TREATMENT' and is_success then 1 end) as all_x_1,
        count(case when arm = 'CONTROL' and is_success then 1 end) as all_x_2
    from members
    group by campaign_id
),

counts as (
    select
        campaign_id,
        tag_code,
        tag_value,
        min(case when is_known_before then 1 else 0 end) = 1 as is_known_before,
        count(case when arm = 'TREATMENT' then 1 end) as n_1,
        count(case when arm = 'CONTROL' then 1 end) as n_2,
        count(case when arm = 'TREATMENT' and is_success then 1 end) as x_1,
        count(case when arm = 'CONTROL' and is_success then 1 end) as x_2
    from tag_values_of_members
    group by campaign_id, tag_code, tag_value
),

-- Neither a group that is too small is shown, nor one whose rest would be.
compared as (
    select
        counts.*,
        wholes.all_n_1 - counts.n_1 as rest_n_1,
        wholes.all_n_2 - counts.n_2 as rest_n_2,
        wholes.all_x_1 - counts.x_1 as rest_x_1,
        wholes.all_x_2 - counts.x_2 as rest_x_2
    from counts
    inner join wholes
        on counts.campaign_id = wholes.campaign_id
    where
        counts.n_1 + counts.n_2 >= {{ minimum_group_size() }}
        and wholes.all_n_1 + wholes.all_n_2 - counts.n_1 - counts.n_2 >= {{ minimum_group_size() }}
),

rates as (
    select
        *,
        {{ rate('x_1', 'n_1') }} as rate_1,
        {{ rate('x_2', 'n_2') }} as rate_2,
        {{ rate('rest_x_1', 'rest_n_1') }} as rest_rate_1,
        {{ rate('rest_x_2', 'rest_n_2') }} as rest_rate_2
    from compared
),

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
        judged.campaign_id,
        judged.tag_code,
        tags.name_zh as tag_name_zh,
        tags.version as tag_version,
        judged.tag_value,
        coalesce(listed.name_zh, judged.tag_value) as value_name_zh,
        judged.is_known_before,
        judged.n_1 as treatment_customers,
        judged.n_2 as control_customers,
        judged.rate_1 as treatment_rate,
        judged.rate_2 as control_rate,
        judged.rest_rate_1 as rest_treatment_rate,
        -- Does the value tell who responds?
        judged.rate_1 - judged.rest_rate_1 as response_difference,
        {{ newcombe_bound(
            'judged.x_1', 'judged.n_1', 'judged.rest_x_1', 'judged.rest_n_1', 'judged.z_alpha', 'lower'
        ) }} as response_lower,
        {{ newcombe_bound(
            'judged.x_1', 'judged.n_1', 'judged.rest_x_1', 'judged.rest_n_1', 'judged.z_alpha', 'upper'
        ) }} as response_upper,
        judged.response_p,
        judged.response_p_adjusted,
        -- Does the campaign do more for those who have it?
        judged.effect,
        {{ newcombe_bound(
            'judged.x_1', 'judged.n_1', 'judged.x_2', 'judged.n_2', 'judged.z_alpha', 'lower'
        ) }} as effect_lower,
        {{ newcombe_bound(
            'judged.x_1', 'judged.n_1', 'judged.x_2', 'judged.n_2', 'judged.z_alpha', 'upper'
        ) }} as effect_upper,
        judged.rest_effect,
        judged.effect - judged.rest_effect as uplift_difference,
        judged.effect - judged.rest_effect - judged.z_alpha * judged.interaction_error as uplift_lower,
        judged.effect - judged.rest_effect + judged.z_alpha * judged.interaction_error as uplift_upper,
        judged.interaction_p as uplift_p,
        judged.interaction_p_adjusted as uplift_p_adjusted,
        case
            when not judged.tells_uplift and not judged.tells_response then 'none'
            when not judged.is_known_before then 'unproven'
            when judged.tells_uplift then 'uplift'
            else 'response'
        end as finding,
        max(
            case when judged.is_known_before and (judged.tells_uplift or judged.tells_response) then 1 else 0 end
        ) over (
            partition by judged.campaign_id, judged.tag_code
        ) = 1 as is_useful_tag,
        {{ as_of_date() }} as as_of_date
    from judged
    inner join tags
        on judged.tag_code = tags.tag_code
    left join {{ ref('tag_values') }} as listed
        on
            judged.tag_code = listed.tag_code
            and judged.tag_value = listed.value
)

select * from campaign_tag_effect
