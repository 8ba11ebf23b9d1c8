-- Four pitfalls of precise marketing (规则粗放, 内容同质化, 渠道割裂, 缺乏效果反馈), each as the measured indicator of the virtue
-- against it, over the campaigns of the last year: one row an indicator.

with

parameters as (
    select cast({{ parameter_value('duplicate_contact_days') }} as int) as duplicate_contact_days
    from {{ ref('campaign_parameters') }}
    where {{ in_force() }}
),

-- How many of those who were targeted showed interest.
hits as (
    select
        sum(numerator) as numerator,
        sum(denominator) as denominator
    from {{ ref('campaign_scorecard') }}
    where indicator = 'hit_rate'
),

messages as (
    select
        touches.customer_id,
        touches.channel,
        touches.touch_date,
        campaigns.product_id
    from {{ ref('int_campaign__touches') }} as touches
    inner join {{ ref('int_campaign__campaigns') }} as campaigns
        on touches.campaign_id = campaigns.campaign_id
    where touches.touch_status = 'sent'
),

offers as (
    select
        product_id,
        count(*) as messages
    from messages
    where product_id is not null
    group by product_id
),

-- Messages and the squares of each product's: two messages drawn at random offer different products with probability
-- 1 − Σ share².
diversity as (
    select
        sum(cast(messages as double) * messages) as squares,
        cast(sum(messages) as double) as messages
    from offers
),

-- A customer's channels by day; the next day on another channel decides whether two systems wrote to them at once.
contacted as (
    select
        messages.customer_id,
        max(case
            when
                later_messages.customer_id is not null
                and {{ dbt.datediff('messages.touch_date', 'later_messages.touch_date', 'day') }}
                < parameters.duplicate_contact_days
                then 1
            else 0
        end) as is_duplicate
    from messages
    cross join parameters
    left join messages as later_messages
        on
            messages.customer_id = later_messages.customer_id
            and messages.channel <> later_messages.channel
            and messages.touch_date <= later_messages.touch_date
    group by messages.customer_id
),

duplicates as (
    select
        sum(is_duplicate) as numerator,
        count(*) as denominator
    from contacted
),

-- Campaigns whose window has passed, and those of them that can be judged.
readouts as (
    select
        count(case when verdict in ('win', 'loss', 'inconclusive') then 1 end) as numerator,
        count(*) as denominator
    from {{ ref('campaign_readout') }}
    where
        is_primary
        and is_observed
),

indicators as (
    select
        1 as indicator_order,
        'audience_precision' as indicator,
        '客群精准度' as name_zh,
        '规则粗放' as pitfall_zh,
        '数据驱动的客户洞察' as virtue_zh,
        'higher' as better,
        cast(numerator as double) as numerator,
        cast(denominator as double) as denominator,
        {{ rate('numerator', 'denominator') }} as indicator_value,
        '命中客户数 ÷ 目标客户数' as formula_zh
    from hits

    union all

    select
        2 as indicator_order,
        'offer_diversity' as indicator,
        '推荐多样性' as name_zh,
        '推荐内容同质化' as pitfall_zh,
        '产品与客户需求高度匹配' as virtue_zh,
        'higher' as better,
        messages * messages - squares as numerator,
        messages * messages as denominator,
        1 - squares / nullif(messages * messages, 0) as indicator_value,
        '1 − Σ(各产品触达次数占比)²' as formula_zh
    from diversity

    union all

    select
        3 as indicator_order,
        'duplicate_contact_rate' as indicator,
        '跨渠道重复触达率' as name_zh,
        '触达渠道割裂' as pitfall_zh,
        '多渠道协同触达' as virtue_zh,
        'lower' as better,
        cast(duplicates.numerator as double) as numerator,
        cast(duplicates.denominator as double) as denominator,
        {{ rate('duplicates.numerator', 'duplicates.denominator') }} as indicator_value,
        cast(parameters.duplicate_contact_days as string)
        || '天内被两个及以上渠道触达的客户数 ÷ 被触达客户数' as formula_zh
    from duplicates
    cross join parameters

    union all

    select
        4 as indicator_order,
        'readout_share' as indicator,
        '可评估活动占比' as name_zh,
        '缺乏效果反馈' as pitfall_zh,
        '营销效果实时反馈与优化' as virtue_zh,
        'higher' as better,
        cast(numerator as double) as numerator,
        cast(denominator as double) as denominator,
        {{ rate('numerator', 'denominator') }} as indicator_value,
        '对照可信的活动数 ÷ 转化窗口已满的活动数' as formula_zh
    from readouts
),

marketing_health as (
    select
        indicator_order,
        indicator,
        name_zh,
        pitfall_zh,
        virtue_zh,
        better,
        numerator,
        denominator,
        indicator_value,
        formula_zh,
        {{ as_of_date() }} as as_of_date
    from indicators
)

select * from marketing_health
