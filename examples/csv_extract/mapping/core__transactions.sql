-- jyls (交易流水). A deposit is the bank's debt: 贷 (C) credits the account, so money comes IN; 借 (D) takes it OUT.
select
    LSH as transaction_id,
    ZH as account_id,
    strptime(JYRQ, '%Y%m%d')::date as transaction_date,
    strptime(JYRQ || JYSJ, '%Y%m%d%H%M%S') as transaction_at,
    case JDBZ when 'C' then 'IN' when 'D' then 'OUT' end as direction,
    replace(JYJE, ',', '')::decimal(18, 2) as amount,
    -- Which codes are the bank's own postings matters most: interest counted as activity makes dormant customers look alive.
    case ZYDM when 'ZZ' then 'TRANSFER' when 'XF' then 'PAYMENT' when 'DF' then 'SALARY' when 'JX' then 'INTEREST' end
        as transaction_type,
    case QDDM when 'SJ' then 'APP' when 'POS' then 'POS' when 'GT' then 'COUNTER' when 'XT' then 'SYSTEM' end as channel,
    DFZH as counterparty_account,
    null as counterparty_bank
from jyls
