-- khxx (客户信息). The customer number keeps its leading zeros: CSV columns arrive as text.
select
    KHH as customer_id,
    KHMC as name,
    case ZJLX when '01' then 'IDC' when '02' then 'PASSPORT' else 'OTHER' end as id_type,
    ZJHM as id_no,
    XB as gender,
    strptime(CSRQ, '%Y%m%d')::date as birth_date,
    SJHM as mobile,
    CSDM as city_code,
    null as occupation_code,
    null as education_code,
    null as marital_status_code,
    null as annual_income,
    strptime(KHRQ, '%Y%m%d')::date as opened_date,
    -- The system writes "no date" as 00000000.
    strptime(nullif(XHRQ, '00000000'), '%Y%m%d')::date as closed_date,
    case KHZT when '0' then 'ACTIVE' when '9' then 'CLOSED' end as status,
    null as branch_id,
    null as manager_id
from khxx
