-- What the customer says to the bank and lets the bank say to them: NPS, complaints, consents and marketing contacts.
with

-- What the complaints, consents and marketing contacts on record cover.
customers as (
    select
        spine.*,
        {{ is_covered(['crm.consents']) }} as covers_consents,
        {{ is_covered(['crm.complaints']) }} as covers_complaints,
        {{ is_covered(['crm.complaints'], 90) }} as covers_complaints_90d,
        {{ is_covered(['crm.complaints'], 365) }} as covers_complaints_365d,
        {{ is_covered(['marketing.touches'], 30) }} as covers_touches_30d,
        {{ is_covered(['marketing.touches'], 90) }} as covers_touches_90d
    from {{ ref('int_customer__spine') }} as spine
    left join {{ ref('int_source__covered_from') }} as covered on true
),

-- Persons whom CRM keeps: for the others nothing is known, which is not the same as no complaint.
crm_persons as (
    select distinct customer_id
    from {{ ref('int_customer__identity') }}
    where source_system = 'crm'
),

complaints as (
    select
        customer_id,
        count(case when {{ in_last_days('complained_date', 90) }} then 1 end) as complaint_count_90d,
        count(case when {{ in_last_days('complained_date', 365) }} then 1 end) as complaint_count_365d,
        count(case when is_open then 1 end) as open_complaint_count
    from {{ ref('int_complaints__by_customer') }}
    group by customer_id
),

consents as (
    select
        customer_id,
        count(case when purpose = 'MARKETING' and is_standing then 1 end) as marketing_count,
        count(case when purpose = 'MARKETING' and is_standing and channel = 'SMS' then 1 end) as sms_count,
        count(case when purpose = 'MARKETING' and is_standing and channel = 'PHONE' then 1 end) as phone_count,
        count(case when purpose = 'MARKETING' and is_standing and channel = 'APP' then 1 end) as app_count,
        count(case when purpose = 'MARKETING' and is_standing and channel = 'WECOM' then 1 end) as wecom_count,
        count(case when purpose = 'LOCATION' and is_standing then 1 end) as location_count,
        count(case when purpose = 'PERSONALISATION' and not is_standing then 1 end) as personalisation_refusal_count
    from {{ ref('int_customer__consents') }}
    group by customer_id
),

-- What CRM knows of its persons: nothing said is nothing consented, and no complaint is none, where CRM delivers them.
voices as (
    select
        crm_persons.customer_id,
        coalesce(complaints.complaint_count_90d, 0) as complaint_count_90d,
        coalesce(complaints.complaint_count_365d, 0) as complaint_count_365d,
        coalesce(complaints.open_complaint_count, 0) as open_complaint_count,
        coalesce(consents.marketing_count, 0) > 0 as has_marketing_consent,
        coalesce(consents.sms_count, 0) > 0 as has_sms_marketing_consent,
        coalesce(consents.phone_count, 0) > 0 as has_phone_marketing_consent,
        coalesce(consents.app_count, 0) > 0 as has_app_marketing_consent,
        coalesce(consents.wecom_count, 0) > 0 as has_wecom_marketing_consent,
        coalesce(consents.location_count, 0) > 0 as has_location_consent,
        coalesce(consents.personalisation_refusal_count, 0) > 0 as has_personalisation_opt_out
    from crm_persons
    left join complaints
        on crm_persons.customer_id = complaints.customer_id
    left join consents
        on crm_persons.customer_id = consents.customer_id
),

service as (
    select
        spine.customer_id,
        spine.as_of_date,
        answers.score as nps_score,
        {{ days_since('answers.responded_date') }}
            as nps_recency_days,
        case when spine.covers_complaints_90d then voices.complaint_count_90d end as complaint_count_90d,
        case when spine.covers_complaints_365d then voices.complaint_count_365d end as complaint_count_365d,
        case when spine.covers_complaints then voices.open_complaint_count end as open_complaint_count,
        case when spine.covers_consents then voices.has_marketing_consent end as has_marketing_consent,
        case when spine.covers_consents then voices.has_sms_marketing_consent end as has_sms_marketing_consent,
        case when spine.covers_consents then voices.has_phone_marketing_consent end as has_phone_marketing_consent,
        case when spine.covers_consents then voices.has_app_marketing_consent end as has_app_marketing_consent,
        case when spine.covers_consents then voices.has_wecom_marketing_consent end as has_wecom_marketing_consent,
        case when spine.covers_consents then voices.has_location_consent end as has_location_consent,
        case when spine.covers_consents then voices.has_personalisation_opt_out end as has_personalisation_opt_out,
        {{ measured('touches.sent_count_30d', 'bigint', 'spine.covers_touches_30d') }} as marketing_touch_count_30d,
        {{ measured('touches.sent_count_90d', 'bigint', 'spine.covers_touches_90d') }} as marketing_touch_count_90d,
        {{ measured('touches.opened_count_90d', 'bigint', 'spine.covers_touches_90d') }} as marketing_opened_count_90d,
        {{ measured('touches.clicked_count_90d', 'bigint', 'spine.covers_touches_90d') }} as marketing_clicked_count_90d
    from customers as spine
    left join {{ ref('int_nps_responses__by_customer') }} as answers
        on
            spine.customer_id = answers.customer_id
            and answers.recency_rank = 1
    left join voices
        on spine.customer_id = voices.customer_id
    left join {{ ref('int_customer__marketing_touches') }} as touches
        on spine.customer_id = touches.customer_id
)

select * from service
