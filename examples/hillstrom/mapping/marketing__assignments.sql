-- Who got the e-mail of the campaign, and who got none.
select
    campaigns.campaign_id,
    'H' || number as customer_id,
    case arms.arm when 'No E-Mail' then 'CONTROL' else 'TREATMENT' end as arm,
    date '2008-02-29' as assigned_date,
    timestamp '2008-03-01 02:00:00' as loaded_at,
    date '2008-02-29' as dt
from (values ('MENS', 'Mens E-Mail'), ('WOMENS', 'Womens E-Mail')) as campaigns (campaign_id, arm)
inner join arms on arms.arm in (campaigns.arm, 'No E-Mail')
cross join generate_series(arms.first_number::int, arms.first_number::int + arms.customers::int - 1) as numbers (number)
