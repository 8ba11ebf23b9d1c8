-- 本季度高活跃度客户的理财偏好: the kind of investment that customers prefer whose activity of the quarter is high, with what
-- they hold. The saved query of the same name asks MetricFlow the same. Kinds of few customers stand together, as 其他.
with

privacy as (
    select {{ minimum_group_size() }} as minimum_size
),

preferences as (
    select
        preferred_wealth_type,
        sum(customers) as customers,
        sum(aum_spot) as aum_total
    from {{ ref('metric_customers') }}
    where quarter_activity = 'high'
    group by preferred_wealth_type
),

-- The smallest kind that could be shown stands with the others too, where these alone are few.
ranked as (
    select
        preferences.*,
        privacy.minimum_size,
        sum(case when preferences.customers < privacy.minimum_size then preferences.customers else 0 end) over ()
            as few_customers,
        row_number() over (
            order by
                case when preferences.customers < privacy.minimum_size then 1 else 0 end,
                preferences.customers, preferences.preferred_wealth_type
        ) as place
    from preferences
    cross join privacy
),

placed as (
    select
        case
            when customers < minimum_size or (few_customers between 1 and minimum_size - 1 and place = 1) then 'other'
            else preferred_wealth_type
        end as preferred_wealth_type,
        customers,
        aum_total
    from ranked
),

told as (
    select
        preferred_wealth_type,
        sum(customers) as customers,
        sum(aum_total) as aum_total
    from placed
    group by preferred_wealth_type
)

select
    told.preferred_wealth_type,
    case told.preferred_wealth_type
        when 'other' then '其他'
        when 'unknown' then '无偏好'
        else known_types.name_zh
    end as preference_name,
    told.customers,
    round(100.0 * told.customers / sum(told.customers) over (), 1) as customer_percent,
    told.aum_total
from told
left join {{ ref('tag_values') }} as known_types
    on
        told.preferred_wealth_type = known_types.value
        and known_types.tag_code = 'preferred_wealth_type'
order by told.customers desc
