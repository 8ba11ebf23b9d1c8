-- What each check of the tag system found at each thing that it looked at: a problem, or null.

{{ config(materialized='view') }}

with

results as (
    select * from {{ ref('check__entries') }}
    union all
    select * from {{ ref('check__names') }}
    union all
    select * from {{ ref('check__references') }}
    union all
    select * from {{ ref('check__tree') }}
    union all
    select * from {{ ref('check__definitions') }}
    union all
    select * from {{ ref('check__sources') }}
    union all
    select * from {{ ref('check__classes') }}
    union all
    select * from {{ ref('check__lifecycle') }}
    union all
    select * from {{ ref('check__certificates') }}
    union all
    select * from {{ ref('check__retirement') }}
    union all
    select * from {{ ref('check__derived') }}
    union all
    select * from {{ ref('check__albums') }}
    union all
    select * from {{ ref('check__glossary') }}
),

check_results as (
    select
        check_name,
        tag_code,
        subject,
        problem,
        remedy
    from results
)

select * from check_results
