-- A client becomes a customer with the first account they may use, as owner or as disponent. Whoever has none yet is not
-- known yet, so their row is delivered on that day and not before.
with first_accounts as (
    select
        disp.client_id,
        min(account.date) as opened_date
    from disp
    inner join account on disp.account_id = account.account_id
    group by disp.client_id
)

select
    'client-' || client.client_id as customer_id,
    cast(null as varchar) as name,
    cast(null as varchar) as id_type,
    cast(null as varchar) as id_no,
    -- birth_number is YYMMDD of the 20th century, with 50 added to the month of a woman
    case when client.birth_number // 100 % 100 > 50 then 'F' else 'M' end as gender,
    make_date(
        1900 + client.birth_number // 10000,
        client.birth_number // 100 % 100 - case when client.birth_number // 100 % 100 > 50 then 50 else 0 end,
        client.birth_number % 100
    ) as birth_date,
    cast(null as varchar) as mobile,
    cast(null as varchar) as city_code,
    cast(null as varchar) as occupation_code,
    cast(null as varchar) as education_code,
    cast(null as varchar) as marital_status_code,
    cast(null as decimal(18, 2)) as annual_income,
    first_accounts.opened_date,
    cast(null as date) as closed_date,
    'ACTIVE' as status,
    'district-' || client.district_id as branch_id,
    cast(null as varchar) as manager_id,
    first_accounts.opened_date + interval 26 hour as loaded_at,
    first_accounts.opened_date as dt
from client
inner join first_accounts on client.client_id = first_accounts.client_id
