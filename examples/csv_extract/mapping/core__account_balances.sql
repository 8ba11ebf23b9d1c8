-- zhye (账户余额): amounts come with thousands separators.
select
    ZH as account_id,
    strptime(YERQ, '%Y%m%d')::date as balance_date,
    replace(YE, ',', '')::decimal(18, 2) as balance
from zhye
