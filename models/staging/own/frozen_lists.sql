-- The lists frozen for campaigns, with the arm of each customer: what `banktags audience freeze` wrote, and nothing
-- changes.
with

frozen_lists as (
    select
        campaign_id,
        audience,
        customer_id,
        arm,
        stratum,
        channel,
        product_id,
        frozen_date,
        unreached_because,
        drawn_control_share
    from {{ own_records('assignments', {
        'campaign_id': 'string', 'audience': 'string', 'customer_id': 'string', 'arm': 'string', 'stratum': 'string',
        'channel': 'string', 'product_id': 'string', 'frozen_date': 'date', 'unreached_because': 'string',
        'drawn_control_share': 'double',
    }) }} as records
)

select * from frozen_lists
