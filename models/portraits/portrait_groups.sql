-- The groups that have a portrait (群体), with how many customers they and their comparisons have, and what was found:
-- one row a group, and one for each branch where it is compared with the branch's other customers.

with

counted as (
    select
        portrait_group,
        branch_key,
        is_member,
        customers
    from {{ ref('portrait_counts') }}
    where tag_code = ''
),

sizes as (
    select
        portrait_group,
        branch_key,
        customers
    from counted
    where is_member
),

everyone as (
    select
        branch_key,
        customers
    from sizes
    where portrait_group = '' and branch_key <> ''

    union all

    select
        '' as branch_key,
        sum(customers) as customers
    from sizes
    where portrait_group = ''
),

findings as (
    select
        portrait_group,
        coalesce(branch_id, '') as branch_key,
        count(*) as compared_traits,
        count(p_value) as tested_traits,
        count(case when is_suppressed then 1 end) as suppressed_traits,
        count(case when is_significant then 1 end) as significant_traits
    from {{ ref('portrait_group') }}
    group by portrait_group, coalesce(branch_id, '')
),

privacy as (
    select {{ minimum_group_size() }} as minimum_size
),

branches as (
    select
        branch_id,
        max(branch_name) as branch_name
    from {{ ref('int_customer__service_team') }}
    group by branch_id
),

compared as (
    select
        sizes.portrait_group,
        sizes.branch_key,
        sizes.customers,
        cast(everyone.customers - sizes.customers - coalesce(may_be.customers, 0) as bigint) as comparison_customers,
        cast(coalesce(may_be.customers, 0) as bigint) as unknown_customers,
        cast(everyone.customers as bigint) as active_customers,
        privacy.minimum_size
    from sizes
    inner join everyone
        on sizes.branch_key = everyone.branch_key
    left join counted as may_be
        on
            sizes.portrait_group = may_be.portrait_group
            and sizes.branch_key = may_be.branch_key
            and not may_be.is_member
    cross join privacy
    where sizes.portrait_group <> ''
),

-- All customers together are known, so a size gives away the comparison's: fewer than the minimum on either side hide
-- both.
judged as (
    select
        *,
        customers < minimum_size or comparison_customers < minimum_size as is_suppressed
    from compared
),

portrait_groups as (
    select
        judged.portrait_group,
        coalesce(audiences.name_zh, entries.name_zh) as name_zh,
        case when audiences.audience is null then 'tag' else 'audience' end as kind,
        case when judged.branch_key = '' then 'bank' else 'branch' end as comparison,
        nullif(judged.branch_key, '') as branch_id,
        branches.branch_name,
        case
            when judged.branch_key = '' then '全行其他存续客户'
            else coalesce(branches.branch_name, judged.branch_key) || '的其他存续客户'
        end as comparison_name_zh,
        case when not judged.is_suppressed then judged.customers end as customers,
        case when not judged.is_suppressed then judged.comparison_customers end as comparison_customers,
        case
            when not judged.is_suppressed and judged.unknown_customers not between 1 and judged.minimum_size - 1
                then judged.unknown_customers
        end as unknown_customers,
        judged.active_customers,
        judged.minimum_size,
        judged.is_suppressed,
        findings.compared_traits,
        findings.tested_traits,
        findings.suppressed_traits,
        findings.significant_traits,
        {{ as_of_date() }} as as_of_date
    from judged
    left join findings
        on
            judged.portrait_group = findings.portrait_group
            and judged.branch_key = findings.branch_key
    left join {{ ref('tag_dictionary') }} as entries
        on judged.portrait_group = entries.tag_code
    left join {{ ref('audiences') }} as audiences
        on judged.portrait_group = audiences.audience
    left join branches
        on judged.branch_key = branches.branch_id
)

select * from portrait_groups
