{{ config(severity='warn') }}
{{ printed_rows() }}

-- Reviews, made by the business date, of campaigns that the marketing system does not know: those of the demo bank in a
-- bank that has begun campaigns of its own.
select
    reviews.review_id,
    reviews.campaign_id,
    'the marketing system knows no such campaign' as problem,
    'delete the review from seeds/governance/campaign_reviews.csv, or correct its campaign_id' as remedy
from {{ ref('campaign_reviews') }} as reviews
left join {{ ref('stg_marketing__campaigns') }} as campaigns
    on reviews.campaign_id = campaigns.campaign_id
where
    campaigns.campaign_id is null
    and reviews.review_date <= {{ as_of_date() }}
    and exists (select 1 from {{ ref('stg_marketing__campaigns') }})
