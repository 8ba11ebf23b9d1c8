{{ printed_rows(columns=['customer_id', 'rfm_class', 'aum_tier', 'activity_recency_days', 'problem', 'remedy']) }}

-- Where bands decide: no customer of a class with R low (重要保持 needs activation) was active within a band of R high,
-- and a customer is in a class with M high (重要) exactly if their tier is one of money that is high. From the facts and
-- the seeds, not from the scores.
with

parameters as (
    select
        scoring_method,
        monetary_definition
    from {{ ref('rfm_parameters') }}
    where {{ in_force() }}
),

-- Up to how many days ago an activity makes R high.
recent as (
    select max(value_to) as days_below
    from {{ ref('rfm_bands') }}
    where {{ in_force() }} and axis = 'recency' and is_high
),

high_tiers as (
    select tier
    from {{ ref('rfm_tier_scores') }}
    where {{ in_force(by_currency=false) }} and is_high
),

customers as (
    select
        rfm.customer_id,
        rfm.rfm_class,
        substring(rfm.rfm_pattern, 1, 1) = '1' as is_recent,
        substring(rfm.rfm_pattern, 3, 1) = '1' as is_important,
        pyramid.aum_tier,
        high_tiers.tier is not null as is_tier_high,
        activity.activity_recency_days,
        parameters.monetary_definition,
        recent.days_below
    from {{ ref('segment__rfm') }} as rfm
    cross join parameters
    cross join recent
    inner join {{ ref('fact_tags__transactions') }} as activity
        on rfm.customer_id = activity.customer_id
    inner join {{ ref('segment__pyramid') }} as pyramid
        on rfm.customer_id = pyramid.customer_id
    left join high_tiers
        on pyramid.aum_tier = high_tiers.tier
    where parameters.scoring_method = 'bands' and rfm.rfm_pattern is not null
)

select
    customer_id,
    rfm_class,
    aum_tier,
    activity_recency_days,
    'R is low and the last activity within a band of R high, or the other way round' as problem,
    'build all of one date: dbt build -s rfm_bands+ fact_tags__transactions+' as remedy
from customers
where is_recent <> coalesce(activity_recency_days < days_below, false)

union all

select
    customer_id,
    rfm_class,
    aum_tier,
    activity_recency_days,
    'M is high at a tier whose money is not, or the other way round' as problem,
    'build all of one date: dbt build -s pyramid_tiers+ rfm_tier_scores+' as remedy
from customers
where monetary_definition = 'aum_month_avg' and is_important <> is_tier_high
