-- Mobile numbers that are not to be contacted, whoever is reached at them (拒绝触达的号码): a refusal of
-- marketing by message or call, and an entry of the do-not-contact list, bind the number (DECISIONS 80). One row a
-- number and channel.
--
-- A refusal binds every number that the person had at the time or since. Where they have given it up, it binds
-- until somebody who has it now consents, later than that. An entry of the list binds the number that it names, and
-- those of the person.

with

mobile_channels as (
    select contact_channel as channel
    from {{ ref('contact_channels') }}
    where address = 'mobile'
),

numbers as (
    select
        customer_id,
        id_value as address_token,
        valid_to as given_up_date
    from {{ ref('int_customer__id_mapping') }}
    where id_type = 'mobile'
),

refused as (
    select
        numbers.address_token,
        consents.channel,
        numbers.given_up_date is null as is_held_by_refuser,
        numbers.given_up_date,
        false as is_listed,
        false as is_listed_for_all_purposes
    from {{ ref('int_customer__consents') }} as consents
    inner join numbers
        on
            consents.customer_id = numbers.customer_id
            and (numbers.given_up_date is null or numbers.given_up_date >= cast(consents.withdrawn_at as date))
    where
        consents.purpose = 'MARKETING'
        and consents.withdrawn_at is not null
        and not consents.is_standing
),

listed as (
    select
        coalesce(numbers.address_token, entries.mobile_hash) as address_token,
        entries.channel,
        false as is_held_by_refuser,
        cast(null as date) as given_up_date,
        true as is_listed,
        entries.is_for_all_purposes as is_listed_for_all_purposes
    from {{ ref('int_contact__do_not_contact') }} as entries
    left join numbers
        on
            entries.customer_id = numbers.customer_id
            and numbers.given_up_date is null
    where coalesce(numbers.address_token, entries.mobile_hash) is not null
),

bound as (
    select * from refused
    union all
    select * from listed
),

bound_numbers as (
    select
        bound.address_token,
        bound.channel,
        max(case when bound.is_held_by_refuser then 1 else 0 end) = 1 as is_held_by_refuser,
        max(bound.given_up_date) as given_up_date,
        max(case when bound.is_listed then 1 else 0 end) = 1 as is_listed,
        max(case when bound.is_listed_for_all_purposes then 1 else 0 end) = 1 as is_listed_for_all_purposes
    from bound
    inner join mobile_channels on bound.channel = mobile_channels.channel
    group by bound.address_token, bound.channel
)

select * from bound_numbers
