-- What each customer adds to the metrics of the bank: one row a customer, with the slices that they are in and the
-- parts of numerators and denominators. MetricFlow asks this table; metric_values sums it.
--
-- Every customer of the wide mart is in it, prospects and former customers too, so that no slice loses anybody. A part
-- that does not apply to a customer, or is not known of them, is null: it adds to neither side of a ratio.
-- Template blocks don't indent: the lines in them stand where they would without.
-- sqlfluff:indentation:template_blocks_indent:false

with

metric_customers as (
    select
        facts.customer_id,
        facts.relationship_status,
        coalesce(facts.aum_tier, 'unknown') as tier,
        coalesce(facts.lifecycle_stage, 'unknown') as lifecycle_stage,
        coalesce(facts.branch_id, 'unknown') as branch_id,
        case
            when facts.is_active and facts.activity_a_month >= facts.high_from then 'high'
            when facts.is_active and facts.activity_a_month < facts.high_from then 'lower'
            else 'unknown'
        end as quarter_activity,
        coalesce(facts.preferred_wealth_type, 'unknown') as preferred_wealth_type,

        case when facts.is_active then 1 end as customers,

        -- AUM: of whoever holds any; the average and growth of those of whom both sides are known.
        facts.aum_spot,
        case when facts.is_active then facts.aum_month_avg end as aum_month_avg,
        case when facts.is_active and facts.aum_month_avg is not null then 1 end as customers_with_aum,
        case when facts.aum_spot is not null then facts.aum_change_90d end as aum_change_90d,
        cast(facts.aum_spot - facts.aum_change_90d as decimal(28, 2)) as aum_90d_ago,

        -- Cross-selling: product categories of today's customers.
        case when facts.is_active then facts.product_category_count end as product_categories,
        case when facts.is_active and facts.product_category_count is not null then 1 end
            as customers_with_categories,

        -- Credit: by amount, and by customers whose class is known.
        cast(facts.npl_amount as decimal(28, 2)) as npl_amount,
        cast(facts.loan_amount as decimal(28, 2)) as loan_amount,
        case when facts.is_non_performing_customer then 1 when not facts.is_non_performing_customer then 0 end
            as non_performing_customers,
        case when facts.is_non_performing_customer is not null then 1 end as graded_customers,

        -- Activity, by each of its measures.
        case
            when facts.transaction_activity_level = 'active' then 1
            when facts.transaction_activity_level is not null then 0
        end as transacting_customers,
        case when facts.transaction_activity_level is not null then 1 end as customers_with_postings,
        case
            when facts.app_login_activity_7d = 'active' then 1
            when facts.app_login_activity_7d is not null then 0
        end as app_customers,
        case when facts.app_login_activity_7d is not null then 1 end as customers_with_app_record,
        case
            when facts.is_active and facts.activity_a_month >= facts.high_from then 1
            when facts.is_active and facts.activity_a_month < facts.high_from then 0
        end as quarter_active_customers,
        case when facts.is_active and facts.activity_a_month is not null then 1 end as customers_of_the_quarter,

        -- NPS: promoters less detractors, in points.
        case
            when facts.nps_score >= facts.promoter_from then 100
            when facts.nps_score < facts.passive_from then -100
            when facts.nps_score is not null then 0
        end as nps_points,
        case when facts.nps_score is not null then 1 end as nps_answers,

        -- Tags: values known, and values as the dictionary says.
        {%- for dimension in data_dimensions() %}
        known.known_{{ dimension.name }},
        known.all_{{ dimension.name }},
        case when known.known_{{ dimension.name }} > 0 then 1 else 0 end as customers_with_{{ dimension.name }},
        {%- endfor %}
        known.known_demographics + known.known_assets + known.known_behaviour + known.known_risk + known.known_social
            as known_tags,
        known.all_demographics + known.all_assets + known.all_behaviour + known.all_risk + known.all_social
            as all_tags,
        1 as customers_on_record,
        case when known.checked_values > 0 then known.valid_values end as valid_values,
        nullif(known.checked_values, 0) as checked_values,

        facts.as_of_date
    from {{ ref('int_metric__facts') }} as facts
    inner join {{ ref('int_metric__tags') }} as known
        on facts.customer_id = known.customer_id
)

select * from metric_customers
