-- Credit cards, held by whoever the card was issued to, owner or disponent.
select
    'card-' || card.card_id as card_id,
    cast(null as varchar) as card_no,
    'client-' || disp.client_id as customer_id,
    'account-' || disp.account_id as account_id,
    'CREDIT' as card_type,
    case card.type when 'gold' then 'GOLD' else 'CLASSIC' end as card_level,
    card.issued as issued_date,
    cast(null as date) as activated_date,
    cast(null as date) as closed_date,
    cast(null as decimal(18, 2)) as credit_limit,
    cast(null as decimal(18, 2)) as statement_balance,
    cast(null as integer) as days_past_due,
    card.issued + interval 26 hour as loaded_at,
    card.issued as dt
from card
inner join disp on card.disp_id = disp.disp_id
