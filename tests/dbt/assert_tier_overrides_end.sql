{{ printed_rows(columns=['tier', 'valid_from', 'valid_to', 'problem', 'remedy']) }}

-- A tier granted by hand ends after it begins.
select
    core_customer_id,
    tier,
    valid_from,
    valid_to,
    'the grant ends before it begins' as problem,
    'correct valid_to in seeds/policy/tiers/tier_overrides.csv' as remedy
from {{ ref('tier_overrides') }}
where valid_to <= valid_from
