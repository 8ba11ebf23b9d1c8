{{ printed_rows(columns=['problem', 'remedy']) }}

-- A customer's AUM is the sum of its components, of those that are delivered, and custody only where the dictionary
-- counts it.
select
    aum.customer_id,
    aum.aum_spot,
    'the components do not add up to aum_spot' as problem,
    'give each category one component in seeds/dictionaries/product_categories.csv, then dbt build -s +fact_tags__aum'
        as remedy
from {{ ref('fact_tags__aum') }} as aum
cross join {{ ref('product_categories') }} as custody
where
    custody.product_category = 'CUSTODY_SECURITIES'
    and aum.aum_spot
    <> aum.aum_deposit_spot
    + coalesce(aum.aum_wealth_spot, 0)
    + coalesce(aum.aum_fund_spot, 0)
    + coalesce(aum.aum_insurance_spot, 0)
    + coalesce(aum.aum_metal_spot, 0)
    + coalesce(aum.aum_trust_spot, 0)
    + coalesce(aum.aum_structured_spot, 0)
    + case when custody.in_aum then coalesce(aum.custody_securities_spot, 0) else 0 end
