-- Mobile numbers at which marketing by message or call was refused (拒绝营销的号码): a refusal binds the number, whoever else is reached by
-- it. One row a number and channel.
--
-- Bound is every number that the person who refused had at the time or since. Where they have given it up, it binds until
-- somebody who has it now consents, later than that.

with

refusing as (
    select
        consents.customer_id,
        consents.channel,
        cast(consents.withdrawn_at as date) as refused_date
    from {{ ref('int_customer__consents') }} as consents
    inner join {{ ref('contact_channels') }} as channels
        on
            consents.channel = channels.contact_channel
            and channels.address = 'mobile'
    where
        consents.purpose = 'MARKETING'
        and consents.withdrawn_at is not null
        and not consents.is_standing
),

bound_numbers as (
    select
        numbers.id_value as address_token,
        refusing.channel,
        max(case when numbers.valid_to is null then 1 else 0 end) = 1 as is_held_by_refuser,
        max(numbers.valid_to) as given_up_date
    from refusing
    inner join {{ ref('int_customer__id_mapping') }} as numbers
        on
            refusing.customer_id = numbers.customer_id
            and numbers.id_type = 'mobile'
            and (numbers.valid_to is null or numbers.valid_to > refusing.refused_date)
    group by numbers.id_value, refusing.channel
)

select * from bound_numbers
