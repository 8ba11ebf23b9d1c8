-- Who opened which portrait or asked why a customer has a tag, as which role, what for and why (画像使用日志).

with

portrait_openings as (
    select
        opening_id,
        opened_at,
        -- Records of before had the date of what was shown alone.
        coalesce(business_date, as_of_date) as business_date,
        opened_by,
        role,
        purpose,
        reason,
        portrait,
        subject,
        tag_code,
        as_of_date,
        shown_tags,
        masked_tags
    from {{ own_records('portrait_openings', {
        'opening_id': 'string', 'opened_at': 'timestamp', 'opened_by': 'string', 'role': 'string', 'purpose': 'string',
        'reason': 'string', 'portrait': 'string', 'subject': 'string', 'tag_code': 'string', 'as_of_date': 'date',
        'shown_tags': 'bigint', 'masked_tags': 'bigint', 'business_date': 'date',
    }) }} as records
)

select * from portrait_openings
