-- Every segment that a customer is in: one row a customer and scheme of the seed segmentation_schemes. Reads five
-- columns of customer_tags.

{{ config(materialized='view') }}

with

segments as (
    select
        customer_id,
        as_of_date,
        'aum_pyramid' as scheme,
        aum_tier as segment
    from {{ ref('customer_tags') }}

    union all

    select
        customer_id,
        as_of_date,
        'service_tier' as scheme,
        service_tier as segment
    from {{ ref('customer_tags') }}

    union all

    select
        customer_id,
        as_of_date,
        'rfm' as scheme,
        rfm_class as segment
    from {{ ref('customer_tags') }}

    union all

    select
        customer_id,
        as_of_date,
        'risk_class' as scheme,
        loan_risk_class_worst as segment
    from {{ ref('customer_tags') }}

    union all

    select
        customer_id,
        as_of_date,
        'lifecycle' as scheme,
        lifecycle_stage as segment
    from {{ ref('customer_tags') }}
),

customer_segments as (
    select
        segments.customer_id,
        segments.scheme,
        schemes.purpose,
        segments.segment,
        schemes.version as scheme_version,
        segments.as_of_date
    from segments
    inner join {{ ref('segmentation_schemes') }} as schemes
        on segments.scheme = schemes.scheme
    where segments.segment is not null
)

select * from customer_segments
