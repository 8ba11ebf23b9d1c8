{{ printed_rows() }}

-- Every tier is entitled to at least one service, and every entitlement belongs to a tier.
with tiers as (
    select distinct tier from {{ ref('pyramid_tiers') }}
),

entitled as (
    select distinct tier from {{ ref('tier_entitlements') }}
)

select
    coalesce(tiers.tier, entitled.tier) as tier,
    case when entitled.tier is null then 'has no entitlement' else 'is not a tier' end as problem,
    'correct seeds/policy/tiers/tier_entitlements.csv, or tier in seeds/policy/tiers/pyramid_tiers.csv' as remedy
from tiers
full outer join entitled on tiers.tier = entitled.tier
where tiers.tier is null or entitled.tier is null
