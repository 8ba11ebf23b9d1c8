{# Who owned each key of a table of kind version from when to when: one row per key and owner. An account, card or device number
   that is issued again has its rows of the time before with the former owner (DECISIONS 78).

   The first owner known had it since ever. A later one has it from the day of the new issue, where the date of issue has moved on,
   else from the batch that first says so. Attributes are those of the owner's last version. valid_to is exclusive, and the day
   after the business date for who has it now. issued_from is the day of a new issue (what stood on the number before is not taken
   over), and long ago where the key was handed on as it is. Most keys have one owner: only the versions of the others are ranked.

   states: the model of the versions that stand. versions: the model of all of them. key: column that is owned. issued: the date of
   issue. has_ended: what is true of a version after which the key is free to be issued again. columns: attributes to keep. #}
{% macro owners_over_time(states, versions, key, issued, has_ended, columns) -%}
    {%- set attributes = [issued] + columns + ['dt'] -%}
    {%- set long_ago = "cast('0001-01-01' as date)" -%}
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

    -- Of what came in one batch, the last stood and the others never did.
    delivered as (
        select
            versions.{{ key }},
            versions.customer_id,
            {{ 'versions.' ~ attributes | join(', versions.') }},
            {{ has_ended }} as has_ended,
            row_number() over (
                partition by versions.{{ key }}, versions.dt
                order by
                    case when versions.quarantine_reason is null then 0 else 1 end,
                    versions.loaded_at desc,
                    versions.customer_id
            ) as choice
        from {{ versions }} as versions
        inner join handed_on
            on versions.{{ key }} = handed_on.{{ key }}
        where versions.fault is null
    ),

    -- The versions of what was handed on, each with what the one before it said.
    compared as (
        select
            *,
            lag(customer_id) over (partition by {{ key }} order by dt) as former_customer_id,
            lag({{ issued }}) over (partition by {{ key }} order by dt) as former_issued,
            lag(has_ended) over (partition by {{ key }} order by dt) as former_has_ended
        from delivered
        where choice = 1
    ),

    numbered as (
        select
            *,
            sum(case when former_customer_id = customer_id then 0 else 1 end) over (
                partition by {{ key }}
                order by dt
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
            coalesce({{ issued }} > former_issued or former_has_ended, false) as is_new_issue
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
            row_number() over (partition by {{ key }}, owner_number order by dt desc) as lateness
        from numbered
    ),

    -- Who has it now is as the latest version says; who had it, as the last version of their time did.
    of_several_owners as (
        select
            last_versions.{{ key }},
            last_versions.customer_id as core_customer_id,
            {%- for attribute in attributes %}
            case when bounded.valid_to > {{ as_of_date() }} then states.{{ attribute }} else last_versions.{{ attribute }} end
                as {{ attribute }},
            {%- endfor %}
            bounded.valid_from,
            bounded.valid_to,
            bounded.issued_from
        from last_versions
        inner join bounded
            on
                last_versions.{{ key }} = bounded.{{ key }}
                and last_versions.owner_number = bounded.owner_number
        inner join {{ states }} as states
            on last_versions.{{ key }} = states.{{ key }}
        where
            last_versions.lateness = 1
            and bounded.valid_from < bounded.valid_to
    )

    select * from of_one_owner
    union all
    select * from of_several_owners
{%- endmacro %}
