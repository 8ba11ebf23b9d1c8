-- What the channels are told tonight: whom to add to an audience, whom to take out and whom to reach elsewhere, since
-- the date built before. One row an audience, customer and channel that hears of it.

with

told as (
    -- A date that is built again to be looked at has the log of its own night: whom a list frozen since made a control
    -- is added no more (DECISIONS 101).
    select
        changes.audience,
        changes.customer_id,
        changes.as_of_date,
        'add' as instruction,
        changes.channel,
        changes.reason
    from {{ ref('audience_changes') }} as changes
    inner join {{ ref('audience_members') }} as members
        on
            changes.audience = members.audience
            and changes.customer_id = members.customer_id
            and changes.channel = members.channel
    where
        changes.as_of_date = {{ as_of_date() }}
        and changes.change_type in ('added', 'rerouted')
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
