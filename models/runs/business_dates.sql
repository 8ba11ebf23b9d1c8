-- The business dates whose run was completed: everything built, and no check that fails a build failed.
--
-- It is built last, because all other models are upstream of it, and a failing check leaves out what is downstream. A
-- date that is run again replaces its row.

{{ config(materialized='incremental', pre_hook="{{ forget_date() }}") }}

-- What nothing else reads:
-- depends_on: {{ ref('audience_activation') }}
-- depends_on: {{ ref('audience_call_list') }}
-- depends_on: {{ ref('audience_exports') }}
-- depends_on: {{ ref('audience_gate_losses') }}
-- depends_on: {{ ref('audience_overlap') }}
-- depends_on: {{ ref('audience_products') }}
-- depends_on: {{ ref('frozen_lists') }}
-- depends_on: {{ ref('aum_daily') }}
-- depends_on: {{ ref('campaign_plans') }}
-- depends_on: {{ ref('campaign_summary') }}
-- depends_on: {{ ref('campaign_tag_effect') }}
-- depends_on: {{ ref('customer_360') }}
-- depends_on: {{ ref('customer_numbers') }}
-- depends_on: {{ ref('customer_segments') }}
-- depends_on: {{ ref('customer_tags_long') }}
-- depends_on: {{ ref('customer_wave_plan') }}
-- depends_on: {{ ref('definition_conflicts') }}
-- depends_on: {{ ref('int_customer__conflicts') }}
-- depends_on: {{ ref('int_customer__id_mapping') }}
-- depends_on: {{ ref('lifecycle_strategy') }}
-- depends_on: {{ ref('marketing_health') }}
-- depends_on: {{ ref('nps_summary') }}
-- depends_on: {{ ref('onboarding_funnel') }}
-- depends_on: {{ ref('portrait_by_role') }}
-- depends_on: {{ ref('portrait_groups') }}
-- depends_on: {{ ref('portrait_health') }}
-- depends_on: {{ ref('portrait_offers') }}
-- depends_on: {{ ref('portrait_openings') }}
-- depends_on: {{ ref('portrait_tasks') }}
-- depends_on: {{ ref('pyramid_benchmark') }}
-- depends_on: {{ ref('pyramid_concentration') }}
-- depends_on: {{ ref('pyramid_lorenz_curve') }}
-- depends_on: {{ ref('pyramid_review') }}
-- depends_on: {{ ref('rfm_class_by_tier') }}
-- depends_on: {{ ref('segment__rfm_methods') }}
-- depends_on: {{ ref('source_coverage') }}
-- depends_on: {{ ref('staging_damage') }}
-- depends_on: {{ ref('staging_quality') }}
-- depends_on: {{ ref('tag_boundaries') }}
-- depends_on: {{ ref('tag_change_reasons') }}
-- depends_on: {{ ref('tag_classifications') }}
-- depends_on: {{ ref('tag_owners') }}
-- depends_on: {{ ref('tag_parameters') }}
-- depends_on: {{ ref('tag_quality') }}
-- depends_on: {{ ref('tag_tree') }}
-- depends_on: {{ ref('tag_violations') }}
-- depends_on: {{ ref('tier_history') }}
-- depends_on: {{ ref('tier_reassessments') }}
-- depends_on: {{ ref('tier_tasks') }}

with

-- What the control table says was delivered on the date, as one fingerprint.
deliveries as (
    select {{ delivery_digest() }} as batch_digest
    from {{ ref('stg_core__batches') }}
    where dt = {{ as_of_date() }}
),

customers as (
    select count(*) as customers
    from {{ ref('int_customer__spine') }}
),

changes as (
    select count(*) as tag_changes
    from {{ ref('tag_changes') }}
    where as_of_date = {{ as_of_date() }}
),

business_dates as (
    select
        observed.as_of_date,
        observed.previous_date,
        customers.customers,
        changes.tag_changes,
        deliveries.batch_digest
    from {{ ref('observed_dates') }} as observed
    cross join deliveries
    cross join customers
    cross join changes
    where
        observed.as_of_date = {{ as_of_date() }}
        and {{ moves_history() }}
)

select * from business_dates
