-- Refusals of marketing that customers told through a touch or to a person (退订与当面拒绝): one row a
-- customer, contact channel and moment. It is read from every touch ever delivered, because a refusal does not
-- expire (DECISIONS 80): of base_marketing__touches the status, and of the few refusals among them who, when and
-- through what.
--
-- A row that is set aside for another fault, or that a touch of the same key came before, is a refusal all the same.

with

told as (
    select
        customer_id,
        channel,
        touch_at,
        -- Where date and time are of two days, the later one; the batch that brought it is later than both.
        least(greatest(touch_date, coalesce(cast(touch_at as date), touch_date)), dt) as refused_date
    from {{ ref('base_marketing__touches') }}
    where
        touch_status in ({{ refusal_statuses() }})
        and customer_id is not null
        and touch_date is not null
        and dt <= {{ as_of_date() }}
),

-- Who refuses in a branch, or through what no consent is given for, is taken to mean every channel.
spread as (
    select
        told.customer_id,
        channels.contact_channel as channel,
        case
            when cast(told.touch_at as date) = told.refused_date then {{ moment_of_refusal('told.touch_at') }}
            else {{ moment_of_refusal('cast(told.refused_date as timestamp)') }}
        end as refused_at
    from told
    left join {{ ref('contact_channels') }} as named on told.channel = named.contact_channel
    inner join {{ ref('contact_channels') }} as channels
        on coalesce(named.contact_channel, channels.contact_channel) = channels.contact_channel
),

refusals as (
    select distinct
        identities.customer_id,
        spread.channel,
        spread.refused_at
    from spread
    inner join {{ ref('int_customer__identity') }} as identities
        on
            spread.customer_id = identities.source_key
            and identities.source_system = 'core'
)

select * from refusals
