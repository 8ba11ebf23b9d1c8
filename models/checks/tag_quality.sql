-- The quality of each tag on each date that was built: how complete, how valid, how much moved, and whether someone
-- must look.
--
-- Building a date again replaces its rows. Customers are read in tag_scan only; this works on its few thousand rows.

{{ config(
    materialized='incremental',
    incremental_strategy='append',
    full_refresh=false,
    partition_by='as_of_date',
    pre_hook="{{ replace_date() }}",
    on_schema_change='append_new_columns'
) }}

with

-- The tag's distribution against that of the date built before …
since_previous as (
    select * from {{ ref('tag_drift') }}
    where baseline = 'previous'
),

-- … and against that of the reference date.
since_reference as (
    select * from {{ ref('tag_drift') }}
    where baseline = 'reference'
),

-- All figures of a tag on the run's date, one row a tag.
measured as (
    select
        scanned.tag_code,
        scanned.as_of_date,
        scanned.data_type,
        scanned.customers,
        scanned.known_customers,
        scanned.known_customers / cast(nullif(scanned.customers, 0) as double) as coverage,
        (scanned.customers - scanned.known_customers) / cast(nullif(scanned.customers, 0) as double) as null_share,
        scanned.distinct_values,
        scanned.lowest_value,
        scanned.highest_value,
        known.most_frequent_value,
        known.most_frequent_share,
        known.out_of_dictionary_customers,
        known.out_of_dictionary_values,
        since_previous.baseline_date as previous_date,
        since_previous.psi as psi_since_previous,
        since_previous.relative_change as relative_change_since_previous,
        since_previous.changed_bin as value_changed_since_previous,
        since_previous.coverage_change as coverage_change_since_previous,
        since_reference.baseline_date as reference_date,
        since_reference.psi as psi_since_reference,
        since_reference.relative_change as relative_change_since_reference,
        since_reference.changed_bin as value_changed_since_reference,
        since_reference.coverage_change as coverage_change_since_reference
    from {{ ref('tag_scan') }} as scanned
    left join {{ ref('tag_known_values') }} as known on scanned.tag_code = known.tag_code
    left join since_previous on scanned.tag_code = since_previous.tag_code
    left join since_reference on scanned.tag_code = since_reference.tag_code
),

-- What is judged, one row a figure, with the words of its finding. The two baselines can be one date: no finding twice.
figures as (
    select
        tag_code,
        'psi' as measure,
        psi as figure,
        'PSI ' || round(psi, 3) || ' since ' || baseline_date as finding
    from {{ ref('tag_drift') }}

    union distinct

    select
        tag_code,
        'relative_change' as measure,
        abs(relative_change) as figure,
        'share of ' || changed_bin || ' changed by ' || cast(round(100 * relative_change) as int) || '% since '
        || baseline_date as finding
    from {{ ref('tag_drift') }}

    union distinct

    select
        tag_code,
        'coverage_drop' as measure,
        -coverage_change as figure,
        'coverage fell by ' || round(-100 * coverage_change, 1) || ' points since ' || baseline_date as finding
    from {{ ref('tag_drift') }}

    union distinct

    select
        tag_code,
        'out_of_dictionary' as measure,
        out_of_dictionary_customers as figure,
        out_of_dictionary_customers || ' customers with values that the dictionary does not list: '
        || out_of_dictionary_values as finding
    from {{ ref('tag_known_values') }}
    where out_of_dictionary_customers is not null
),

-- A tag's own thresholds go before those for every tag.
judged as (
    select
        figures.tag_code,
        figures.figure,
        figures.finding,
        case
            when own.measure is null and figures.figure >= general.act_from then 'act'
            when own.measure is not null and figures.figure >= own.act_from then 'act'
            when own.measure is null and figures.figure >= general.watch_from then 'watch'
            when own.measure is not null and figures.figure >= own.watch_from then 'watch'
            when figures.figure is not null then 'ok'
        end as status
    from figures
    left join {{ ref('quality_thresholds') }} as general
        on figures.measure = general.measure and general.tag_code is null
    left join {{ ref('quality_thresholds') }} as own
        on figures.measure = own.measure and figures.tag_code = own.tag_code
),

-- The worst of a tag's figures, and what made it so, in words.
statuses as (
    select
        tag_code,
        count(case when status = 'act' then 1 end) as acts,
        count(case when status = 'watch' then 1 end) as watches,
        {{ dbt.listagg(
            "case when status in ('act', 'watch') then finding end", "'; '", 'order by finding'
        ) }} as findings
    from judged
    group by tag_code
),

tag_quality as (
    select
        measured.*,
        case
            when statuses.acts > 0 then 'act'
            when statuses.watches > 0 then 'watch'
            when measured.previous_date is null and measured.reference_date is null then 'not_compared'
            else 'ok'
        end as status,
        statuses.findings
    from measured
    left join statuses on measured.tag_code = statuses.tag_code
)

select * from tag_quality
