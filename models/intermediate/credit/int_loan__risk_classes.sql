-- Five-class asset quality (五级分类) of each loan that is not settled (DECISIONS 14).
with

loans as (
    select
        customer_id,
        loan_id as exposure_id,
        days_past_due,
        days_past_due_seen,
        status = 'WRITTEN_OFF' as is_written_off
    from {{ ref('int_loan__arrears') }}
    where status <> 'SETTLED'
),

risk_classes as (
    {{ risk_classes_of('loans', 'loan') }}
)

select * from risk_classes
