-- Each policy has rows in force for the bank's base currency on the run's date; without them every customer would be left without
-- a tier or an RFM class, silently.
with in_force as (
    select
        'pyramid_tiers' as seed,
        count(*) as row_count
    from {{ ref('pyramid_tiers') }} as tiers
    where {{ in_force('tiers') }}

    union all

    select
        'rfm_parameters' as seed,
        count(*) as row_count
    from {{ ref('rfm_parameters') }} as parameters
    where {{ in_force('parameters') }}

    union all

    select
        'rfm_bands' as seed,
        count(*) as row_count
    from {{ ref('rfm_bands') }} as bands
    where {{ in_force('bands') }}
)

select
    seed,
    'add rows for base_currency {{ var("base_currency") }} that are valid on {{ var("as_of_date") }}' as remedy
from in_force
where row_count = 0 or (seed = 'rfm_parameters' and row_count > 1)
