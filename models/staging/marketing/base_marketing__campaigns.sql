with

source as (
    {{ all_batches(source('marketing', 'campaigns')) }}
),

-- One form for each value: codes as the dictionaries write them, blanks as null, identifiers hashed or masked.
standardised as (
    select
        {{ known_text('campaign_id') }} as campaign_id,
        {{ known_text('campaign_name') }} as campaign_name,
        upper(nullif(trim(goal), '')) as goal,
        {{ known_text('product_id') }} as product_id,
        {{ known_date('start_date') }} as start_date,
        {{ known_date('end_date') }} as end_date,
        control_share,
        conversion_window_days,
        loaded_at,
        dt,
        cast(null as string) as unknown_values,
        cast(null as string) as unknown_shapes
    from source
),

-- What is wrong with a row itself: the first of these.
judged as (
    select
        *,
        case
            when campaign_id is null then 'missing_campaign_id'
            when campaign_name is null then 'missing_campaign_name'
            when goal is null then 'missing_goal'
            when start_date is null then 'missing_start_date'
            when end_date is null then 'missing_end_date'
            when control_share is null then 'missing_control_share'
            when conversion_window_days is null then 'missing_conversion_window_days'
            when loaded_at is null then 'missing_loaded_at'
            when goal not in ('CONVERSION', 'ACTIVATION', 'RETENTION', 'AUM') then 'unknown_goal'
            when end_date < start_date then 'invalid_end_date'
            when control_share not between 0 and 1 then 'invalid_control_share'
            when conversion_window_days <= 0 then 'invalid_conversion_window_days'
        end as fault
    from standardised
),

-- The latest delivery of each key stands.
campaigns as (
    {{ latest_version_wins('judged', key=['campaign_id'], batched=false) }}
)

-- The columns are those of `judged`: the rule switched off cannot follow them through a union.
select * from campaigns  -- noqa: AM04
