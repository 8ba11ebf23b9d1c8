-- What is known of each tag's values on the run's date: the most frequent one, and those that the dictionary does not
-- list.

{{ config(materialized='view') }}

with

-- The bins of the run's date, the most frequent first.
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

-- The most frequent value, of tags that are counted by value.
most_frequent as (
    select
        tag_code,
        bin as most_frequent_value,
        customer_share as most_frequent_share
    from known_bins
    where frequency_rank = 1 and bin_kind = 'value'
),

-- The values that the dictionary lists, and the tags of which it lists any.
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

-- One row a tag that anybody has a value of.
known_tags as (
    select distinct tag_code
    from known_bins
),

tag_known_values as (
    select
        known_tags.tag_code,
        most_frequent.most_frequent_value,
        most_frequent.most_frequent_share,
        out_of_dictionary.customers as out_of_dictionary_customers,
        out_of_dictionary.unlisted_values as out_of_dictionary_values
    from known_tags
    left join most_frequent
        on known_tags.tag_code = most_frequent.tag_code
    left join out_of_dictionary
        on known_tags.tag_code = out_of_dictionary.tag_code
)

select * from tag_known_values
