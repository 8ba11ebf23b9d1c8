-- Whether a customer may be contacted, and how they took it: 触达与反馈.

with

-- The thresholds in force, as one row.
thresholds as (
    select
        {{ threshold('is_over_contacted_30d', 'touch_count_from') }} as over_contacted_from,
        {{ threshold('is_marketing_responsive_90d', 'click_count_from') }} as click_count_from,
        {{ threshold('is_marketing_unresponsive_90d', 'touch_count_from') }} as unresponsive_touches_from,
        {{ threshold('nps_category', 'promoter_from') }} as promoter_from,
        {{ threshold('nps_category', 'passive_from') }} as passive_from,
        {{ threshold('is_service_recovery_target', 'nps_recency_days_to') }} as nps_recency_days_to,
        {{ threshold('is_active_referrer', 'converted_referral_count_from') }} as referral_count_from
    from {{ ref('rule_thresholds') }}
    where {{ in_force() }}
),

-- The facts that the rules judge, of customers and prospects: former customers are not contacted.
facts as (
    select
        service.customer_id,
        service.has_marketing_consent,
        service.has_personalisation_opt_out,
        service.marketing_touch_count_30d,
        service.marketing_touch_count_90d,
        service.marketing_opened_count_90d,
        service.marketing_clicked_count_90d,
        service.nps_score,
        service.nps_recency_days,
        service.open_complaint_count,
        social.converted_referral_count,
        demographics.is_open_to_offers
    from {{ ref('fact_tags__service') }} as service
    inner join {{ ref('fact_tags__demographics') }} as demographics
        on service.customer_id = demographics.customer_id
    left join {{ ref('fact_tags__social') }} as social
        on service.customer_id = social.customer_id
    where demographics.relationship_status <> 'closed'
),

marketing as (
    select
        spine.customer_id,
        spine.as_of_date,

        -- 可营销: consent stands for at least one channel, and anything may be offered. Who is not in CRM gave none;
        -- where no consents are delivered at all, nothing is known, and no gate opens.
        case
            when not ({{ is_covered(['crm.contacts', 'crm.consents']) }}) then null
            else coalesce(facts.has_marketing_consent and facts.is_open_to_offers, false)
        end as is_marketing_contactable,

        -- 可个性化推荐: consent stands, and personalised recommendation was not refused.
        case
            when not ({{ is_covered(['crm.contacts', 'crm.consents']) }}) then null
            else
                coalesce(
                    facts.has_marketing_consent
                    and not facts.has_personalisation_opt_out
                    and facts.is_open_to_offers,
                    false
                )
        end as is_personalisation_allowed,

        -- 触达过度: contacted too often of late.
        facts.marketing_touch_count_30d >= thresholds.over_contacted_from as is_over_contacted_30d,

        -- 反馈积极 (S1): clicks in what they are sent.
        facts.marketing_clicked_count_90d >= thresholds.click_count_from as is_marketing_responsive_90d,

        -- 响应率低 (S1): contacted again and again, and never opened anything.
        facts.marketing_touch_count_90d >= thresholds.unresponsive_touches_from
        and facts.marketing_opened_count_90d = 0 as is_marketing_unresponsive_90d,

        -- NPS: 推荐者, 被动者, 贬损者 by their latest answer.
        case
            when facts.nps_score >= thresholds.promoter_from then 'promoter'
            when facts.nps_score >= thresholds.passive_from then 'passive'
            when facts.nps_score < thresholds.passive_from then 'detractor'
        end as nps_category,

        -- 需服务补救: a complaint is open, or they lately said that they would not recommend the bank.
        facts.open_complaint_count > 0
        or case
            when facts.nps_score is not null
                then
                    facts.nps_score < thresholds.passive_from
                    and facts.nps_recency_days <= thresholds.nps_recency_days_to
            when {{ is_covered(['crm.contacts', 'crm.nps_responses']) }} and facts.customer_id is not null then false
        end as is_service_recovery_target,

        -- 有效推荐人: brought customers.
        facts.converted_referral_count >= thresholds.referral_count_from as is_active_referrer
    from {{ ref('int_customer__spine') }} as spine
    left join facts
        on spine.customer_id = facts.customer_id
    left join {{ ref('int_source__covered_from') }} as covered on true
    cross join thresholds
)

select * from marketing
