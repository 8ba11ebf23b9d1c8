-- Accounts and holdings that stand outside every AUM figure because their customer or their product is unknown: nothing
-- is lost silently.
{{ config(severity='warn') }}
{{ printed_rows(columns=['ledger', 'problem', 'remedy']) }}

with

units as (
    select
        'accounts' as ledger,
        account_id as unit_key,
        customer_id as core_customer_id,
        product_id
    from {{ ref('stg_core__accounts') }}

    union all

    select distinct
        'holdings' as ledger,
        customer_id || '/' || product_id as unit_key,
        customer_id as core_customer_id,
        product_id
    from {{ ref('stg_wealth__holdings') }}
)

select
    units.ledger,
    units.unit_key,
    case when products.product_id is null then 'its product is unknown' else 'its customer is unknown' end as problem,
    case
        when products.product_id is null
            then 'deliver the product in core.products, or add its category to seed product_categories'
        else
            'deliver the customer in core.customers, or see why they are set aside: '
            || 'banktags query --work "select * from staging.quarantined_rows where table_name = ''customers''"'
    end as remedy
from units
left join {{ ref('stg_core__products') }} as products
    on units.product_id = products.product_id
left join {{ ref('int_customer__identity') }} as identities
    on
        units.core_customer_id = identities.source_key
        and identities.source_system = 'core'
where
    products.product_id is null
    or identities.customer_id is null
