-- A tier granted by hand ends after it begins.
select
    core_customer_id,
    valid_from,
    valid_to
from {{ ref('tier_overrides') }}
where valid_to <= valid_from
