-- Complaints up to the business date, with the golden customer who made them; a view.

{{ config(materialized='view') }}

with

complaints as (
    select
        complaints.complaint_id,
        identities.customer_id,
        complaints.complained_date,
        complaints.resolved_date is null or complaints.resolved_date > {{ as_of_date() }} as is_open
    from {{ ref('stg_crm__complaints') }} as complaints
    inner join {{ ref('int_customer__identity') }} as identities
        on
            complaints.contact_id = identities.source_key
            and identities.source_system = 'crm'
    where complaints.complained_date <= {{ as_of_date() }}
)

select * from complaints
