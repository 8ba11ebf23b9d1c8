-- Every list that left the warehouse: who took it out, why, how many, how sensitive.
with

audience_exports as (
    select
        export_id,
        exported_at,
        -- Records of before had the date of their members alone.
        coalesce(business_date, as_of_date) as business_date,
        exported_by,
        kind,
        audience,
        campaign_id,
        as_of_date,
        purpose,
        reason,
        row_count,
        left_out_count,
        control_share,
        sensitivity,
        security_level,
        predicate_hash,
        file_name,
        file_digest
    from {{ own_records('exports', {
        'export_id': 'string', 'exported_at': 'timestamp', 'exported_by': 'string', 'kind': 'string', 'audience': 'string',
        'campaign_id': 'string', 'as_of_date': 'date', 'purpose': 'string', 'reason': 'string', 'row_count': 'bigint',
        'left_out_count': 'bigint', 'sensitivity': 'string', 'security_level': 'int', 'predicate_hash': 'string', 'file_name': 'string',
        'file_digest': 'string', 'business_date': 'date', 'control_share': 'double',
    }) }} as records
)

select * from audience_exports
