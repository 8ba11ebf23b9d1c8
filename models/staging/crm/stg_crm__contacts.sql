select
    contact_id,
    {{ keyed_hash('name') }} as name_hash,
    substr(name, 1, 1) || '**' as name_masked,
    {{ keyed_hash('mobile') }} as mobile_hash,
    substr(mobile, 1, 3) || '****' || substr(mobile, 8, 4) as mobile_masked,
    {{ keyed_hash('lower(id_no_sha256)') }} as id_no_hash,
    birth_date,
    case when gender in ('M', '1', '男') then 'male' when gender in ('F', '2', '女') then 'female' end as gender,
    city_code,
    occupation_code,
    owns_home,
    owns_car,
    has_wecom_contact,
    lead_source,
    created_date,
    loaded_at,
    dt
from {{ source('crm', 'contacts') }}
where dt <= {{ as_of_date() }}
