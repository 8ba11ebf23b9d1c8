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
from {{ source('governance', 'tag_reviews') }}
where dt <= {{ as_of_date() }}
