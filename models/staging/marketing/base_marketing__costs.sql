{% set key = ['cost_id', 'cost_date'] %}

with

source as (
    {{ all_batches(source('marketing', 'costs')) }}
),

-- One form for each value: codes as the dictionaries write them, blanks as null, identifiers hashed or masked.
standardised as (
    select
        {{ known_text('cost_id') }} as cost_id,
        {{ known_text('campaign_id') }} as campaign_id,
        {{ known_date('cost_date') }} as cost_date,
        upper(nullif(trim(channel), '')) as channel,
        amount,
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
            when cost_id is null then 'missing_cost_id'
            when cost_date is null then 'missing_cost_date'
            when campaign_id is null then 'missing_campaign_id'
            when amount is null then 'missing_amount'
            when loaded_at is null then 'missing_loaded_at'
            when amount < 0 then 'invalid_amount'
            when cost_date > dt then 'future_cost_date'
        end as fault
    from standardised
),

-- The first delivery of each key stands.
{{ cleaned_rows('judged', key, kind='event') }}

-- The columns are those of `judged`: the rule switched off cannot follow them through a union.
select * from cleaned  -- noqa: AM04
