-- How many customers lie in each bin of each tag, on every date that was built.
--
-- Building a date again replaces its rows; other dates stay, so that one date can be compared with another.

{{ config(
    materialized='incremental',
    incremental_strategy='append',
    full_refresh=false,
    partition_by='as_of_date',
    pre_hook="{{ replace_date() }}",
    on_schema_change='append_new_columns'
) }}

with

known_values as (
    {{ unfold_bin_counts(ref('tag_scan')) }}
),

-- The floor of a bin of numbers or months puts the bins in order; values have none.
known_bins as (
    select
        tag_code,
        as_of_date,
        bin_kind,
        bin,
        customers,
        case when bin_kind in ('number', 'months') then cast(bin as double) end as bin_floor
    from known_values
),

-- What is not known is a bin of its own.
unknown_bins as (
    select
        tag_code,
        as_of_date,
        'unknown' as bin_kind,
        'null' as bin,
        customers - known_customers as customers,
        cast(null as double) as bin_floor
    from {{ ref('tag_scan') }}
    where known_customers < customers
),

bins as (
    select * from known_bins
    union all
    select * from unknown_bins
),

-- Whole numbers are written as such: 200000, not 200000.0.
tag_distribution as (
    select
        bins.tag_code,
        bins.as_of_date,
        bins.bin_kind,
        case
            when abs(bins.bin_floor) < 1e12 and bins.bin_floor = floor(bins.bin_floor)
                then cast(cast(bins.bin_floor as bigint) as {{ dbt.type_string() }})
            else bins.bin
        end as bin,
        bins.bin_floor,
        bins.customers,
        bins.customers / cast(scanned.customers as double) as customer_share
    from bins
    inner join {{ ref('tag_scan') }} as scanned on bins.tag_code = scanned.tag_code
)

select * from tag_distribution
