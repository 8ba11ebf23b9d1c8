-- Whom no marketing reaches (全局留出): what all campaigns together bring is measured against them. The lot is a hash of
-- customer and round, so that everybody keeps their until the round is changed.

with

policy as (
    select
        {{ parameter_value('global_holdout_share') }} as holdout_share,
        cast({{ parameter_value('global_holdout_round') }} as int) as holdout_round
    from {{ ref('audience_policy') }}
),

audience_holdout as (
    select
        spine.customer_id,
        {{ as_of_date() }} as as_of_date,
        policy.holdout_round
    from {{ ref('int_customer__spine') }} as spine
    cross join policy
    where
        {{ hash_share("spine.customer_id || '|global|' || cast(policy.holdout_round as string)") }}
        < policy.holdout_share
)

select * from audience_holdout
