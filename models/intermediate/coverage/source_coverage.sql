-- What each source table of the contract covers, how fresh it is, and how many tags rest on it (来源覆盖).

with

policy as (
    select
        system_name || '.' || table_name as source_table,
        fresh_days,
        stale_days
    from {{ ref('source_freshness_policy') }}
    where column_name is null
),

resting_tags as (
    select
        input_name as source_table,
        count(distinct tag_code) as tag_count
    from {{ ref('tag_rule_inputs') }}
    where input_kind = 'coverage'
    group by input_name
),

aged as (
    select
        *,
        {{ days_since('last_batch_date') }} as age_days
    from {{ ref('int_source__coverage') }}
),

source_coverage as (
    select
        aged.source_table,
        aged.system_name,
        aged.table_name,
        aged.is_delivered,
        aged.covered_from,
        aged.first_batch_date,
        aged.last_batch_date,
        cast(aged.batch_count as bigint) as batch_count,
        aged.age_days,
        case
            when not aged.is_delivered then 'never_delivered'
            when policy.stale_days <= aged.age_days then 'stale'
            when policy.fresh_days < aged.age_days then 'ageing'
            else 'fresh'
        end as freshness,
        coalesce(resting_tags.tag_count, 0) as tag_count,
        aged.as_of_date
    from aged
    left join policy
        on aged.source_table = policy.source_table
    left join resting_tags
        on aged.source_table = resting_tags.source_table
)

select * from source_coverage
