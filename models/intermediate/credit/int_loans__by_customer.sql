-- Loans with the golden customer who owes them; a view.

{{ config(materialized='view') }}

with

loans as (
    select
        loans.loan_id,
        identities.customer_id,
        loans.granted_date,
        loans.outstanding_principal,
        loans.status
    from {{ ref('stg_lending__loans') }} as loans
    inner join {{ ref('int_customer__identity') }} as identities
        on
            loans.customer_id = identities.source_key
            and identities.source_system = 'core'
)

select * from loans
