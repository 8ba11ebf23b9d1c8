-- The portrait of a customer (单客画像): what is known of him, by scenario, with since when, how sure and why.
--
-- A view, which is asked about one customer: the filter on customer_id reaches the scan of the wide mart and the logs
-- of history, so nothing else of the bank's customers is turned round, compared or joined.

{{ config(materialized='view') }}

with

-- The first day of each tag in history. What stood on that day has stood since nobody knows when.
tracked as (
    select
        tag_code,
        min(as_of_date) as tracked_from
    from {{ ref('tag_versions') }}
    group by tag_code
),

-- Since when the values that stand have stood, where history has seen them begin.
standing as (
    select
        history.customer_id,
        history.tag_code,
        history.valid_from
    from {{ ref('tag_history') }} as history
    inner join tracked
        on
            history.tag_code = tracked.tag_code
            and history.valid_from > tracked.tracked_from
    where history.valid_to is null
),

-- The first day of the log of service tiers, which dates every tier that was there before.
tier_log as (
    select min(as_of_date) as first_date
    from {{ ref('service_tier_changes') }}
),

-- Why names the values that the rule reads, so it is as sensitive as the most sensitive of them: by the rule, whatever
-- the customer's values are, or else the mask would tell them.
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
        known_values.customer_id,
        tag_scenarios.scenario,
        scenarios.name_zh as scenario_name,
        known_values.tag_code,
        entries.name_zh,
        known_values.tag_value,
        case
            when
                known_values.tag_code = 'service_tier_since_date'
                and known_values.tag_value = cast(tier_log.first_date as string)
                then '不晚于 ' || known_values.tag_value
            else labels.name_zh
        end as value_zh,
        entries.unit,
        standing.valid_from as since,
        known_values.confidence,
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
        known_values.as_of_date
    from {{ ref('customer_tags_long') }} as known_values
    inner join {{ ref('tag_dictionary') }} as entries
        on known_values.tag_code = entries.tag_code
    inner join {{ ref('tag_scenarios') }} as tag_scenarios
        on known_values.tag_code = tag_scenarios.tag_code
    cross join tier_log
    left join {{ ref('scenarios') }} as scenarios
        on tag_scenarios.scenario = scenarios.scenario
    left join {{ ref('portrait_labels') }} as labels
        on
            known_values.tag_code = labels.tag_code
            and known_values.tag_value = labels.tag_value
    left join {{ ref('portrait_reasons') }} as reasons
        on
            known_values.customer_id = reasons.customer_id
            and known_values.tag_code = reasons.tag_code
    left join reason_classes
        on known_values.tag_code = reason_classes.tag_code
    left join standing
        on
            known_values.customer_id = standing.customer_id
            and known_values.tag_code = standing.tag_code
)

select * from portrait_customer
