{# Who owned each key of a table of kind version from when to when: one row per key and owner. An account, card or device number
   that is issued again has its rows of the time before with the former owner.

   The first owner known had it since ever. A later one has it from the day of the new issue, where the date of issue has moved on,
   else from the batch that first says so. Attributes are those of the owner's last version. valid_to is exclusive, and the day
   after the business date for who has it now. issued_from is the day of a new issue (what stood on the number before is not taken
   over), and long ago where the key was handed on as it is. Most keys have one owner: only the versions of the others are ranked.

   states: the model of the versions that stand. versions: the model of all of them. key: column that is owned. issued, ended: dates
   at which an issue begins and ends; ended is none where nothing tells. columns: attributes to keep. #}
{% macro owners_over_time(states, versions, key, issued, ended, columns) -%}
    {%- set attributes = ([issued] + ([ended] if ended else []) + columns) -%}
    {%- set long_ago = "cast('0001-01-01' as date)" -%}
    {%- set oldest_first -%}
        partition by versions.{{ key }}
                order by
                    versions.dt,
                    case when versions.quarantine_reason is null then 1 else 0 end,
                    versions.loaded_at,
                    versions.customer_id
    {%- endset -%}
    with

    handed_on as (
        select {{ key }}
        from {{ versions }}
        where fault is null
        group by {{ key }}
        having min(customer_id) <> max(customer_id)
    ),

    of_one_owner as (
        select
            states.{{ key }},
            states.customer_id as core_customer_id,
            {{ 'states.' ~ attributes | join(', states.') }},
            {{ long_ago }} as valid_from,
            {{ next_day() }} as valid_to,
            {{ long_ago }} as issued_from
        from {{ states }} as states
        left join handed_on
            on states.{{ key }} = handed_on.{{ key }}
        where handed_on.{{ key }} is null
    ),

    -- The versions of what was handed on, each with what the one before it said.
    compared as (
        select
            versions.{{ key }},
            versions.customer_id,
            {{ 'versions.' ~ attributes | join(', versions.') }},
            versions.dt,
            row_number() over ({{ oldest_first }}) as version_number,
            lag(versions.customer_id) over ({{ oldest_first }}) as former_customer_id,
            lag(versions.{{ issued }}) over ({{ oldest_first }}) as former_issued,
            {{ "lag(versions." ~ ended ~ ") over (" ~ oldest_first ~ ")" if ended else "cast(null as date)" }} as former_ended
        from {{ versions }} as versions
        inner join handed_on
            on versions.{{ key }} = handed_on.{{ key }}
        where versions.fault is null
    ),

    numbered as (
        select
            *,
            sum(case when former_customer_id = customer_id then 0 else 1 end) over (
                partition by {{ key }}
                order by version_number
                rows between unbounded preceding and current row
            ) as owner_number
        from compared
    ),

    begun as (
        select
            {{ key }},
            owner_number,
            case
                when former_customer_id is null then {{ long_ago }}
                when {{ issued }} > former_issued then {{ issued }}
                else dt
            end as valid_from,
            coalesce({{ issued }} > former_issued or former_ended is not null, false) as is_new_issue
        from numbered
        where former_customer_id is null or former_customer_id <> customer_id
    ),

    bounded as (
        select
            {{ key }},
            owner_number,
            valid_from,
            coalesce(
                min(valid_from) over (
                    partition by {{ key }}
                    order by owner_number
                    rows between 1 following and unbounded following
                ),
                {{ next_day() }}
            ) as valid_to,
            case when is_new_issue then valid_from else {{ long_ago }} end as issued_from
        from begun
    ),

    last_versions as (
        select
            *,
            row_number() over (partition by {{ key }}, owner_number order by version_number desc) as lateness
        from numbered
    ),

    of_several_owners as (
        select
            last_versions.{{ key }},
            last_versions.customer_id as core_customer_id,
            {{ 'last_versions.' ~ attributes | join(', last_versions.') }},
            bounded.valid_from,
            bounded.valid_to,
            bounded.issued_from
        from last_versions
        inner join bounded
            on
                last_versions.{{ key }} = bounded.{{ key }}
                and last_versions.owner_number = bounded.owner_number
        where
            last_versions.lateness = 1
            and bounded.valid_from < bounded.valid_to
    )

    select * from of_one_owner
    union all
    select * from of_several_owners
{%- endmacro %}
