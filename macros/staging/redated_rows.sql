{# Rows that say again, under a corrected business date, what an earlier batch has said (更正日期重发): the same number and content
   under another date of the days around. They come late, for a posting of the batch's own day is a new one. Where a bank's
   numbers start anew each day, the same number names other postings too: of a batch with more of those than of such repeats,
   none is a correction (DECISIONS 76). Reads the held rows of twice the days, of late rows only.

   relation: standardised rows. number, date: the key. content: the columns that say what happened. #}
{% macro redated_rows(relation, number, date, content) -%}
    {%- set days = var('redelivery_days') -%}
    {%- set near -%}
        earlier.{{ number }} = later.{{ number }}
        and earlier.dt < later.dt
        and earlier.{{ date }} <> later.{{ date }}
        and abs({{ dbt.datediff('earlier.' ~ date, 'later.' ~ date, 'day') }}) <= {{ days }}
    {%- endset -%}
    with

    earlier as (
        select
            {{ number }},
            {{ date }},
            {{ content | join(', ') }},
            dt
        from {{ relation }}
        where {{ date }} <= dt
        {%- if is_incremental() %}
        union all
        select
            {{ number }},
            {{ date }},
            {{ content | join(', ') }},
            dt
        from {{ this }}
        where
            (fault is null or fault = 'duplicate_delivery')
            and dt >= (select cast(min(dt) - interval '{{ 2 * days }}' day as date) from {{ relation }})
        {%- endif %}
    ),

    repeats as (
        select distinct
            later.{{ number }},
            later.{{ date }},
            later.dt
        from {{ relation }} as later
        inner join earlier
            on
                {{ near }}
                and {{ same_key(content, 'earlier', 'later') }}
        where
            later.{{ date }} < later.dt
            and later.{{ date }} >= cast(later.dt - interval '{{ days }}' day as date)
    ),

    repeats_of_batches as (
        select
            dt,
            count(*) as repeat_count
        from repeats
        group by dt
    ),

    -- The numbers of these batches that name something else on another day.
    renumbered_batches as (
        select
            later.dt,
            count(distinct later.{{ number }}) as renumbered_count
        from {{ relation }} as later
        inner join repeats_of_batches
            on later.dt = repeats_of_batches.dt
        inner join earlier
            on
                {{ near }}
                and not ({{ same_key(content, 'earlier', 'later') }})
        group by later.dt
    )

    select repeats.*
    from repeats
    inner join repeats_of_batches
        on repeats.dt = repeats_of_batches.dt
    left join renumbered_batches
        on repeats.dt = renumbered_batches.dt
    where repeats_of_batches.repeat_count > coalesce(renumbered_batches.renumbered_count, 0)
{%- endmacro %}
