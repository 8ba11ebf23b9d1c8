-- Bureau reports up to the business date, with the golden customer whom they are about; a view.

{{ config(materialized='view') }}

with

credit_reports as (
    select
        reports.report_id,
        identities.customer_id,
        reports.reported_date,
        reports.credit_score,
        reports.external_debt,
        reports.overdue_count_24m,
        reports.inquiry_count_6m
    from {{ ref('stg_bureau__credit_reports') }} as reports
    inner join {{ ref('int_customer__identity') }} as identities
        on
            reports.customer_id = identities.source_key
            and identities.source_system = 'core'
    where reports.reported_date <= {{ as_of_date() }}
)

select * from credit_reports
