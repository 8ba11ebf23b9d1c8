select
    review_id,
    tag_code,
    reviewer,
    reviewed_date,
    rating,
    review_comment,
    is_resolved,
    loaded_at,
    dt
from {{ ref('base_governance__tag_reviews') }}
where quarantine_reason is null
