-- zhxx (账户信息).
select
    ZH as account_id,
    KHH as customer_id,
    CPDM as product_id,
    case BZ when '156' then 'CNY' end as currency,
    strptime(KHRQ, '%Y%m%d')::date as opened_date,
    strptime(nullif(XHRQ, '00000000'), '%Y%m%d')::date as closed_date,
    strptime(nullif(DQRQ, '00000000'), '%Y%m%d')::date as maturity_date,
    case ZHZT when '0' then 'ACTIVE' when '1' then 'DORMANT' when '2' then 'FROZEN' when '9' then 'CLOSED' end as status,
    null as branch_id
from zhxx
