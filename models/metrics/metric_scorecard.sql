-- How well the four steps from data to effect work (B10 of the documents: 数据采集, 标签建模, 推荐触达, 反馈分析): one row a
-- measure, with what it is divided by. Figures that others have are read from there.

with

-- 数据完整性: of the rows delivered, without those that only repeat or replace another, how many stand.
deliveries as (
    select
        cast(sum(staged_rows) as decimal(28, 2)) as numerator,
        cast(
            sum(staged_rows + missing_rows + unknown_code_rows + invalid_rows + future_rows) as decimal(28, 2)
        ) as denominator
    from {{ ref('staging_quality') }}
),

-- 标签准确率: the metric of the bank.
accuracy as (
    select
        numerator,
        denominator
    from {{ ref('int_metric__slices') }}
    where
        metric = 'tag_accuracy'
        and cut_by = 'bank'
),

-- 营销转化率: of all customers whom campaigns aimed at, who bought within the campaign's own window.
conversions as (
    select
        cast(sum(converted_customers) as decimal(28, 2)) as numerator,
        cast(sum(customers) as decimal(28, 2)) as denominator
    from {{ ref('campaign_summary') }}
    where
        campaign_id <> 'TOTAL'
        and converted_customers is not null
),

-- ROI and 客户提升: what campaigns caused within their windows, of those that a control group judges.
returns as (
    select
        cast(sum(incremental_margin - cost_amount) as decimal(28, 2)) as net_margin,
        cast(sum(cost_amount) as decimal(28, 2)) as cost_amount,
        cast(sum(incremental_customers) as decimal(28, 2)) as incremental_customers,
        cast(sum(treatment_customers) as decimal(28, 2)) as treatment_customers
    from {{ ref('campaign_returns') }}
    where
        is_conversion_window
        and incremental_margin is not null
        and incremental_customers is not null
),

measures as (
    select
        1 as measure_order,
        '数据采集' as step_zh,
        'data_completeness' as measure,
        '数据完整性' as name_zh,
        numerator,
        denominator,
        '贴源后留用的行数 ÷ 应留用的行数（不计重复与被新版本取代的行）' as formula_zh
    from deliveries

    union all

    select
        2 as measure_order,
        '标签建模' as step_zh,
        'tag_accuracy' as measure,
        '标签准确率' as name_zh,
        numerator,
        denominator,
        '符合字典的标签值数 ÷ 字典可核验的标签值数' as formula_zh
    from accuracy

    union all

    select
        3 as measure_order,
        '推荐触达' as step_zh,
        'marketing_conversion' as measure,
        '营销转化率' as name_zh,
        numerator,
        denominator,
        '转化窗口内转化的客户数 ÷ 分配到触达组的客户数' as formula_zh
    from conversions

    union all

    select
        4 as measure_order,
        '反馈分析' as step_zh,
        'marketing_roi' as measure,
        'ROI' as name_zh,
        net_margin as numerator,
        cost_amount as denominator,
        '（增量毛利 − 费用）÷ 费用' as formula_zh
    from returns

    union all

    select
        5 as measure_order,
        '反馈分析' as step_zh,
        'customer_uplift' as measure,
        '客户提升' as name_zh,
        incremental_customers as numerator,
        treatment_customers as denominator,
        '增量转化客户数 ÷ 触达组客户数' as formula_zh
    from returns
),

metric_scorecard as (
    select
        measure_order,
        step_zh,
        measure,
        name_zh,
        numerator,
        denominator,
        {{ rate('numerator', 'denominator') }} as measure_value,
        formula_zh,
        {{ as_of_date() }} as as_of_date
    from measures
)

select * from metric_scorecard
