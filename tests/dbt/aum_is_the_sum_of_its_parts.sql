{{ printed_rows(columns=['problem', 'remedy']) }}

-- A customer's AUM is the sum of its components, and custody only where the dictionary counts it.
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
    + aum.aum_wealth_spot
    + aum.aum_fund_spot
    + aum.aum_insurance_spot
    + aum.aum_metal_spot
    + aum.aum_trust_spot
    + aum.aum_structured_spot
    + case when custody.in_aum then aum.custody_securities_spot else 0 end
