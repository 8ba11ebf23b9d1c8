-- What the channels are told tonight: whom to add to an audience, whom to take out and whom to reach elsewhere, since
-- the date built before. One row an audience, customer and channel that hears of it.

with

told as (
    select
        audience,
        customer_id,
        as_of_date,
        'add' as instruction,
        channel,
        reason
    from {{ ref('audience_changes') }}
    where
        as_of_date = {{ as_of_date() }}
        and change_type in ('added', 'rerouted')
        and channel is not null
    union all
    -- The channel that had them hears that they are gone, from the audience or to another channel.
    select
        audience,
        customer_id,
        as_of_date,
        'remove' as instruction,
        previous_channel as channel,
        reason
    from {{ ref('audience_changes') }}
    where
        as_of_date = {{ as_of_date() }}
        and change_type in ('removed', 'rerouted')
        and previous_channel is not null
),

audience_activation as (
    select
        told.audience,
        told.customer_id,
        told.as_of_date,
        told.instruction,
        told.channel,
        permissions.address_token,
        told.reason
    from told
    left join {{ ref('contact_permissions') }} as permissions
        on
            told.customer_id = permissions.customer_id
            and told.channel = permissions.channel
)

select * from audience_activation
