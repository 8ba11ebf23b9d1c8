-- How far the sources cover each tag (标签覆盖): which of them were never delivered, and for how much of its window the
-- others reach.
--
-- A tag rests on the sources whose coverage its SQL reads, and on all that its input tags rest on (tag_rule_inputs).
-- Its window is the one that its code names. Reads seeds and one row a source table, no customer.

-- Rules stand on facts, segments and other rules, and derived tags on these: a least share goes up one edge a round.
{% set rounds = 6 %}

with

sources as (
    select
        source_table,
        is_delivered,
        covered_from,
        {{ days_since('covered_from') }}
        + 1 as covered_days
    from {{ ref('int_source__coverage') }}
),

-- The first day that a tag's code says it looks at: the month, quarter or year to date, or a number of days.
windows as (
    select
        tag_code,
        case
            when tag_code like '%month_avg' then {{ first_day_of('month') }}
            when tag_code like '%quarter_avg' then {{ first_day_of('quarter') }}
            when tag_code like '%year_avg' then {{ first_day_of('year') }}
            when tag_code like '%previous_90d' then {{ days_ago(179) }}
            when tag_code like '%drop_share_90d' then {{ days_ago(179) }}
            {% for days in [365, 90, 60, 30, 7, 1] %}
                when tag_code like '%~_{{ days }}d' escape '~' then {{ days_ago(days - 1) }}
            {% endfor %}
            else {{ as_of_date() }}
        end as window_from
    from {{ ref('tag_dictionary') }}
),

-- What each tag rests on, and the sources that it reads besides: without these it is measured on the rest.
resting as (
    select
        tag_code,
        input_name as source_table,
        true as is_required
    from {{ ref('tag_rule_inputs') }}
    where input_kind = 'coverage'
),

reading as (
    select distinct
        rule_inputs.tag_code,
        {{ dbt.split_part('rule_inputs.input_name', "'.'", 1) }} || '.'
        || {{ dbt.split_part('rule_inputs.input_name', "'.'", 2) }} as source_table,
        false as is_required
    from {{ ref('tag_rule_inputs') }} as rule_inputs
    where rule_inputs.input_kind = 'source'
),

measured_windows as (
    select
        tag_code,
        window_from,
        {{ days_since('window_from') }}
        + 1 as window_days
    from windows
),

read_sources as (
    select * from resting

    union all

    select reading.*
    from reading
    left join resting
        on
            reading.tag_code = resting.tag_code
            and reading.source_table = resting.source_table
    where resting.tag_code is null
),

missing as (
    select
        read_sources.tag_code,
        read_sources.source_table,
        case when read_sources.is_required then read_sources.source_table end as required_source,
        case when not read_sources.is_required then read_sources.source_table end as other_source
    from read_sources
    inner join sources
        on read_sources.source_table = sources.source_table
    where not sources.is_delivered
),

-- Of each window the share of days that the tag's own sources cover.
own_shares as (
    select
        windows.tag_code,
        windows.window_from,
        min(case
            when read_sources.is_required then
                case
                    when not sources.is_delivered then 0
                    when sources.covered_from <= windows.window_from then 1
                    else cast(greatest(sources.covered_days, 0) as double) / windows.window_days
                end
        end) as covered_share,
        {{ dbt.listagg('missing.required_source', "', '", 'order by missing.required_source') }} as undelivered_sources,
        {{ dbt.listagg('missing.other_source', "', '", 'order by missing.other_source') }} as left_out_sources
    from measured_windows as windows
    left join read_sources
        on windows.tag_code = read_sources.tag_code
    left join sources
        on read_sources.source_table = sources.source_table
    left join missing
        on
            read_sources.tag_code = missing.tag_code
            and read_sources.source_table = missing.source_table
    group by windows.tag_code, windows.window_from
),

tag_inputs as (
    select
        tag_code,
        input_name as input_tag
    from {{ ref('tag_rule_inputs') }}
    where input_kind = 'tag'
),

shares_0 as (
    select
        tag_code,
        coalesce(covered_share, 1) as covered_share
    from own_shares
),

-- A tag is covered no further than the tags that it is made of.
{% for round in range(1, rounds + 1) %}
    shares_{{ round }} as (
        select
            covered.tag_code,
            least(covered.covered_share, coalesce(min(input_shares.covered_share), 1)) as covered_share
        from shares_{{ round - 1 }} as covered
        left join tag_inputs
            on covered.tag_code = tag_inputs.tag_code
        left join shares_{{ round - 1 }} as input_shares
            on tag_inputs.input_tag = input_shares.tag_code
        group by covered.tag_code, covered.covered_share
    ),
{% endfor %}

tag_coverage as (
    select
        own_shares.tag_code,
        own_shares.window_from,
        cast(covered.covered_share as decimal(5, 4)) as covered_share,
        case
            when covered.covered_share = 0 then 'none'
            when covered.covered_share < 1 then 'part'
            else 'whole'
        end as coverage,
        own_shares.undelivered_sources,
        own_shares.left_out_sources,
        {{ as_of_date() }} as as_of_date
    from own_shares
    inner join shares_{{ rounds }} as covered
        on own_shares.tag_code = covered.tag_code
)

select * from tag_coverage
