-- Who has each device from when to when: one row per device and customer. A device is that of who bound it last, and a
-- push message to it reaches nobody else (DECISIONS 78).

with

bound as (
    select
        devices.device_id,
        identities.customer_id,
        devices.customer_id as core_customer_id,
        devices.os,
        devices.is_push_enabled,
        coalesce(devices.first_seen_date, devices.dt) as valid_from,
        coalesce(
            lead(coalesce(devices.first_seen_date, devices.dt)) over (
                partition by devices.device_id
                order by
                    coalesce(devices.first_seen_date, devices.dt), devices.dt, devices.loaded_at, devices.customer_id
            ),
            {{ next_day() }}
        ) as valid_to
    from {{ ref('stg_digital__devices') }} as devices
    inner join {{ ref('int_customer__identity') }} as identities
        on
            devices.customer_id = identities.source_key
            and identities.source_system = 'core'
    where coalesce(devices.first_seen_date, devices.dt) <= {{ as_of_date() }}
),

owners as (
    select * from bound
    where valid_from < valid_to
)

select * from owners
