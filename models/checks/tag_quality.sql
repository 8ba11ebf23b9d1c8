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

known_bins as (
    select
        tag_code,
        bin,
        bin_kind,
        customers,
        customer_share,
        row_number() over (partition by tag_code order by customers desc, bin asc) as frequency_rank
    from {{ ref('tag_distribution') }}
    where as_of_date = {{ as_of_date() }} and bin_kind <> 'unknown'
),

most_frequent as (
    select
        tag_code,
        bin as most_frequent_value,
        customer_share as most_frequent_share
    from known_bins
    where frequency_rank = 1 and bin_kind = 'value'
),

dictionary as (
    select
        tag_code,
        value
    from {{ ref('tag_values') }}
),

enumerated_tags as (
    select distinct tag_code from dictionary
),

-- Customers whose value the dictionary does not list, of the tags for which it lists any.
out_of_dictionary as (
    select
        known_bins.tag_code,
        cast(sum(case when dictionary.value is null then known_bins.customers else 0 end) as bigint) as customers,
        {{ dbt.listagg(
            'case when dictionary.value is null then known_bins.bin end', "', '", 'order by known_bins.bin'
        ) }} as unlisted_values
    from known_bins
    inner join enumerated_tags on known_bins.tag_code = enumerated_tags.tag_code
    left join dictionary
        on
            known_bins.tag_code = dictionary.tag_code
            and known_bins.bin = dictionary.value
    where known_bins.bin_kind = 'value'
    group by known_bins.tag_code
),

since_previous as (
    select *
    from {{ ref('tag_drift') }}
    where baseline = 'previous'
),

since_reference as (
    select *
    from {{ ref('tag_drift') }}
    where baseline = 'reference'
),

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
        most_frequent.most_frequent_value,
        most_frequent.most_frequent_share,
        out_of_dictionary.customers as out_of_dictionary_customers,
        out_of_dictionary.unlisted_values as out_of_dictionary_values,
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
    left join most_frequent on scanned.tag_code = most_frequent.tag_code
    left join out_of_dictionary on scanned.tag_code = out_of_dictionary.tag_code
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
        customers as figure,
        customers || ' customers with values that the dictionary does not list: ' || unlisted_values as finding
    from out_of_dictionary
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
        on
            figures.measure = general.measure
            and general.tag_code is null
    left join {{ ref('quality_thresholds') }} as own
        on
            figures.measure = own.measure
            and figures.tag_code = own.tag_code
),

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
