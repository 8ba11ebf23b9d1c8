-- Whose value of a tag is trusted less than an audience asks for (置信度不足): one row an audience and customer; without
-- a customer it is that of everybody. No relation: audience_screening alone reads it.

with

audience_doubts as (
    select distinct
        floors.audience,
        confidence.customer_id
    from {{ rows_from(rows_of_audiences('min_confidence'), ['audience', 'said', 'value']) }} as floors
    inner join {{ ref('tag_confidence') }} as confidence
        on
            floors.said = confidence.tag_code
            and cast(floors.value as decimal(12, 10)) > confidence.confidence
)

select * from audience_doubts
