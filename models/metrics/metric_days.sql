-- The days that metrics are asked by: ten years up to the business date. MetricFlow needs them (time spine) to fill
-- what a day has no row of.

{{ config(materialized='view') }}

with

metric_days as (
    select {{ each_day(days_ago(3652), as_of_date()) }} as day_date
)

select * from metric_days
