-- Conversions credited to a campaign by the last of its kind to write before them (末次触达归因): one row a conversion that
-- followed a message of a campaign that offers it, from its day on to the end of the attribution window (macro
-- counts_from). Credit is not effect: who would have bought anyway is credited too.

with

parameters as (
    select cast({{ parameter_value('attribution_window_days') }} as int) as attribution_window_days
    from {{ ref('campaign_parameters') }}
    where {{ in_force() }}
),

preceded as (
    select
        conversions.campaign_id,
        conversions.customer_id,
        conversions.event_type,
        conversions.event_key,
        conversions.event_date,
        conversions.amount,
        conversions.margin,
        conversions.margin_long,
        touches.channel,
        row_number() over (
            partition by conversions.event_type, conversions.event_key, conversions.event_date
            order by touches.touch_date desc, touches.touch_at desc, touches.touch_id desc
        ) as touches_back
    from {{ ref('int_campaign__conversions') }} as conversions
    inner join {{ ref('int_campaign__touches') }} as touches
        on
            conversions.campaign_id = touches.campaign_id
            and conversions.customer_id = touches.customer_id
            and touches.touch_status = 'sent'
    cross join parameters
    where
        {{ counts_from(
            'conversions.event_date', 'touches.touch_date',
            last_counted_day('touches.touch_date', 'parameters.attribution_window_days')
        ) }}
),

attributions as (
    select
        campaign_id,
        customer_id,
        event_type,
        event_key,
        event_date,
        amount,
        margin,
        margin_long,
        channel
    from preceded
    where touches_back = 1
)

select * from attributions
