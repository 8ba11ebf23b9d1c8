select
    relation_id,
    from_contact_id,
    to_contact_id,
    relation_type,
    since_date,
    until_date,
    loaded_at,
    dt
from {{ source('crm', 'relations') }}
where dt <= {{ as_of_date() }}
