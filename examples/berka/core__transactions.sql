-- What a posting is: k_symbol says its purpose where it has one, else operation says how it was made.
-- UROK, SANKC. UROK and SLUZBY are the bank's own postings. 1994-03-31 is incomplete and stays out.
select
    cast(trans_id as varchar) as transaction_id,
    'account-' || account_id as account_id,
    date as transaction_date,
    cast(null as timestamp) as transaction_at,
    case when type = 'PRIJEM' then 'IN' else 'OUT' end as direction,
    cast(amount as decimal(18, 2)) as amount,
    case
        when k_symbol = 'UROK' then 'INTEREST'
        when k_symbol = 'SANKC. UROK' then 'PENALTY_INTEREST'
        when k_symbol = 'SLUZBY' then 'FEE'
        when k_symbol = 'DUCHOD' then 'PENSION'
        when k_symbol = 'POJISTNE' then 'INSURANCE_PREMIUM'
        when k_symbol = 'SIPO' then 'BILL_PAYMENT'
        when k_symbol = 'UVER' then 'LOAN_REPAYMENT'
        when operation = 'VKLAD' then 'CASH_DEPOSIT'
        when operation in ('VYBER', 'VYBER KARTOU') then 'CASH_WITHDRAWAL'
        when operation in ('PREVOD Z UCTU', 'PREVOD NA UCET') then 'TRANSFER'
    end as transaction_type,
    case
        when k_symbol in ('UROK', 'SANKC. UROK', 'SLUZBY') then 'SYSTEM'
        when operation = 'VYBER KARTOU' then 'ATM'
        when operation in ('VKLAD', 'VYBER') then 'COUNTER'
    end as channel,
    account as counterparty_account,
    bank as counterparty_bank,
    date + interval 26 hour as loaded_at,
    date as dt
from trans_whole_bank_1993_1994q1
where date <= date '1994-03-30'
