-- Who came into an audience and who left it, as a log: a row on each date on which a customer's membership, or the
-- channel they are contacted by, changed. Their latest row says whether they are a member.
--
-- Reads the members and removals of the date, and the log.

{{ config(materialized='incremental', pre_hook="{{ forget_date() }}") }}

{% set held = held_rows({
    'audience': 'string', 'customer_id': 'string', 'as_of_date': 'date', 'change_type': 'string', 'channel': 'string',
}) %}

with

latest as (
    select
        audience,
        customer_id,
        max(as_of_date) as as_of_date
    from {{ held }}
    where as_of_date < {{ as_of_date() }}
    group by audience, customer_id
),

standing as (
    select
        held.audience,
        held.customer_id,
        held.channel
    from {{ held }} as held
    inner join latest
        on
            held.audience = latest.audience
            and held.customer_id = latest.customer_id
            and held.as_of_date = latest.as_of_date
    where held.change_type <> 'removed'
),

compared as (
    select
        coalesce(today.audience, standing.audience) as audience,
        coalesce(today.customer_id, standing.customer_id) as customer_id,
        today.channel,
        today.unreached_because,
        standing.channel as previous_channel,
        case
            when standing.customer_id is null then 'added'
            when today.customer_id is null then 'removed'
            when coalesce(today.channel, '') <> coalesce(standing.channel, '') then 'rerouted'
        end as change_type
    from {{ ref('audience_members') }} as today
    full join standing
        on
            today.audience = standing.audience
            and today.customer_id = standing.customer_id
),

audience_changes as (
    select
        compared.audience,
        compared.customer_id,
        {{ as_of_date() }} as as_of_date,
        compared.change_type,
        case
            when compared.change_type = 'added' then 'matches'
            when compared.change_type = 'rerouted' and compared.channel is null
                then coalesce(compared.unreached_because, 'not_contacted')
            when compared.change_type = 'rerouted' then 'channel_consent'
            else coalesce(removals.removed_by, 'no_longer_matches')
        end as reason,
        compared.channel,
        compared.previous_channel
    from compared
    left join {{ ref('audience_removals') }} as removals
        on
            compared.audience = removals.audience
            and compared.customer_id = removals.customer_id
    where
        {{ moves_history() }}
        and compared.change_type is not null
)

select * from audience_changes
