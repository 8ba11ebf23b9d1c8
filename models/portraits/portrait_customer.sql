-- The portrait of a customer (单客画像): what is known of them, by scenario, with since when, how sure and why.
--
-- A view: what portrait_reasons knows of a customer beside the entries of the tags, which are few. Asked about some
-- customers it reads theirs only, and a list of all begins at once.

{{ config(materialized='view') }}

with

-- The first day of the log of service tiers, which dates every tier that was there before.
tier_log as (
    select min(as_of_date) as first_date
    from {{ ref('service_tier_changes') }}
),

-- Why names the values that the rule reads, so it is as sensitive as the most sensitive of them: by the rule, whatever
-- the customer's values are, or else the mask would tell them (DECISIONS 67).
reason_classes as (
    select
        rule_inputs.tag_code,
        max(entries.sensitivity) as sensitivity,
        max(entries.security_level) as security_level
    from {{ ref('tag_rule_inputs') }} as rule_inputs
    inner join {{ ref('tag_dictionary') }} as entries
        on rule_inputs.input_name = entries.tag_code
    where rule_inputs.input_kind = 'tag'
    group by rule_inputs.tag_code
),

portrait_customer as (
    select
        reasons.customer_id,
        tag_scenarios.scenario,
        scenarios.name_zh as scenario_name,
        reasons.tag_code,
        entries.name_zh,
        reasons.tag_value,
        case
            when
                reasons.tag_code = 'service_tier_since_date'
                and reasons.tag_value = cast(tier_log.first_date as string)
                then '不晚于 ' || reasons.tag_value
            else labels.name_zh
        end as value_zh,
        entries.unit,
        reasons.since,
        reasons.confidence,
        reasons.why,
        entries.definition_zh,
        entries.kind,
        entries.status,
        entries.path,
        entries.sensitivity,
        entries.security_level,
        greatest(entries.sensitivity, coalesce(reason_classes.sensitivity, entries.sensitivity))
            as why_sensitivity,
        greatest(entries.security_level, coalesce(reason_classes.security_level, entries.security_level))
            as why_security_level,
        reasons.as_of_date
    from {{ ref('portrait_reasons') }} as reasons
    inner join {{ ref('tag_dictionary') }} as entries
        on reasons.tag_code = entries.tag_code
    inner join {{ ref('tag_scenarios') }} as tag_scenarios
        on reasons.tag_code = tag_scenarios.tag_code
    cross join tier_log
    left join {{ ref('scenarios') }} as scenarios
        on tag_scenarios.scenario = scenarios.scenario
    left join {{ ref('portrait_labels') }} as labels
        on
            reasons.tag_code = labels.tag_code
            and reasons.tag_value = labels.tag_value
    left join reason_classes
        on reasons.tag_code = reason_classes.tag_code
)

select * from portrait_customer
