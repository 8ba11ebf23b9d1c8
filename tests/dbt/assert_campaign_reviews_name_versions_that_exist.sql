{{ printed_rows() }}

-- A review names a strategy and a tag in versions that there are: of the strategy any, of the tag the one of the
-- dictionary or one before it.
with reviewed as (
    select
        reviews.review_id,
        reviews.strategy,
        reviews.strategy_version,
        reviews.tag_code,
        reviews.tag_version,
        strategies.strategy is not null as has_strategy,
        cast(entries.version as double) >= cast(reviews.tag_version as double) as has_tag
    from {{ ref('campaign_reviews') }} as reviews
    left join {{ ref('strategy_map') }} as strategies
        on
            reviews.strategy = strategies.strategy
            and reviews.strategy_version = strategies.version
    left join {{ ref('tag_dictionary') }} as entries
        on reviews.tag_code = entries.tag_code
)

select
    review_id,
    case
        when not has_strategy then 'strategy_map has no ' || strategy || ' of version ' || strategy_version
        else 'there is no tag ' || tag_code || ' of version ' || tag_version
    end as problem,
    'correct the review in seed campaign_reviews, or add the version to seed strategy_map'
        as remedy
from reviewed
where not has_strategy or not coalesce(has_tag, false)
