-- Who looks after a customer: the branch and, where one is assigned, the relationship manager.

with

service_team as (
    select
        profiles.customer_id,
        profiles.branch_id,
        branches.branch_name,
        profiles.manager_id,
        managers.manager_name_masked
    from {{ ref('int_customer__profile') }} as profiles
    left join {{ ref('stg_core__branches') }} as branches
        on profiles.branch_id = branches.branch_id
    left join {{ ref('stg_core__managers') }} as managers
        on profiles.manager_id = managers.manager_id
)

select * from service_team
