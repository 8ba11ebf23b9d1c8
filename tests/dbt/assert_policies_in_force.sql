{{ printed_rows() }}

-- Each policy has rows in force for the base currency on the run's date, the parameters just one: without them every
-- customer would be left without a tier or an RFM class, silently.
with in_force as (
    select
        'pyramid_tiers' as seed_name,
        count(*) as row_count
    from {{ ref('pyramid_tiers') }}
    where {{ in_force() }}

    union all

    select
        'rfm_parameters' as seed_name,
        count(*) as row_count
    from {{ ref('rfm_parameters') }}
    where {{ in_force() }}

    union all

    select
        'rfm_bands' as seed_name,
        count(*) as row_count
    from {{ ref('rfm_bands') }}
    where {{ in_force() }}

    union all

    select
        'lifecycle_rules' as seed_name,
        count(*) as row_count
    from {{ ref('lifecycle_rules') }}
    where {{ in_force(by_currency=false) }}

    union all

    select
        'wave_plans' as seed_name,
        count(*) as row_count
    from {{ ref('wave_plans') }}
    where {{ in_force(by_currency=false) }}

    union all

    select
        'tier_policy' as seed_name,
        count(*) as row_count
    from {{ ref('tier_policy') }}
    where {{ in_force() }}
)

select
    seed_name,
    row_count || ' rows in force' as problem,
    'add rows to seeds/policy/' || seed_name || '.csv for base_currency {{ base_currency() }} that are valid on {{ business_date() }}' as remedy
from in_force
where row_count = 0 or (seed_name = 'rfm_parameters' and row_count > 1)
