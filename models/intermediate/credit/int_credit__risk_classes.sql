-- Five-class asset quality (五级分类) of each credit exposure of a customer: loans and cards.
with

risk_classes as (
    select
        customer_id,
        scale,
        exposure_id,
        days_past_due,
        risk_class,
        severity
    from {{ ref('int_loan__risk_classes') }}
    union all
    select
        customer_id,
        scale,
        exposure_id,
        days_past_due,
        risk_class,
        severity
    from {{ ref('int_card__risk_classes') }}
)

select * from risk_classes
