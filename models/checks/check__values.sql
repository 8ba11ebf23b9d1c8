-- Which tags the checks of the customers' values looked at on the run's date. The tests of the same names say what they
-- found.

{{ config(materialized='view') }}

with

tags as (
    select
        *,
        model_name || '.' || tag_code as subject
    from {{ ref('tag_dictionary') }}
),

quality as (
    select *
    from {{ ref('tag_quality') }}
    where as_of_date = {{ as_of_date() }}
),

-- A tag that nobody has a value of is compared with no list; one that is built for the first time with no other date.
looked_at as (
    select
        'assert_tag_values_in_dictionary' as check_name,
        tag_code
    from quality
    where out_of_dictionary_customers is not null

    union all

    select
        'warn_tag_quality_to_act_on' as check_name,
        tag_code
    from quality
    where status <> 'not_compared'

    union all

    select
        'assert_no_value_without_source' as check_name,
        coverage.tag_code
    from {{ ref('tag_coverage') }} as coverage
    inner join {{ ref('tag_scan') }} as scanned
        on coverage.tag_code = scanned.tag_code
    inner join tags
        on
            coverage.tag_code = tags.tag_code
            and tags.kind = 'fact'
),

check__values as (
    select
        looked_at.check_name,
        tags.tag_code,
        tags.subject
    from looked_at
    inner join tags
        on looked_at.tag_code = tags.tag_code
)

select * from check__values
