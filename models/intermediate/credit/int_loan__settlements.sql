-- On which day each settled loan was settled, by the batches: the first that says so after the last that said
-- otherwise (DECISIONS 87). A loan that every batch calls settled ended before them, on a day that they do not tell.
with

states as (
    select
        loan_id,
        max(case when status <> 'SETTLED' then dt end) as last_unsettled_dt
    from {{ ref('base_lending__loans') }}
    where fault is null
    group by loan_id
),

settled as (
    select loan_id
    from {{ ref('stg_lending__loans') }}
    where status = 'SETTLED'
),

settlements as (
    select
        settled.loan_id,
        cast(min(versions.dt) as date) as settled_date
    from settled
    inner join states
        on settled.loan_id = states.loan_id
    inner join {{ ref('base_lending__loans') }} as versions
        on
            settled.loan_id = versions.loan_id
            and states.last_unsettled_dt < versions.dt
    where versions.fault is null
    group by settled.loan_id
)

select * from settlements
