-- The portrait of a customer as each role may see it, by purpose: what is above the role's class is masked, with the
-- reason, and never left out (DECISIONS 84). Filter by customer_id and role.

{{ config(materialized='view') }}

with

judged as (
    select
        readers.role,
        readers.purpose,
        portraits.*,
        portraits.sensitivity > readers.highest_sensitivity
        or portraits.security_level > readers.highest_security_level as is_masked,
        portraits.why_sensitivity > readers.highest_sensitivity
        or portraits.why_security_level > readers.highest_security_level as is_why_masked,
        '高于' || readers.name_zh || '可见级别 ' || readers.highest_sensitivity || '/'
        || cast(readers.highest_security_level as string) || ' 级' as beyond_role
    from {{ ref('portrait_customer') }} as portraits
    cross join {{ ref('portrait_roles') }} as readers
),

-- What a reason names may be more sensitive than the value that it gives: then only the reason is masked.
portrait_by_role as (
    select
        role,
        purpose,
        customer_id,
        scenario,
        scenario_name,
        tag_code,
        name_zh,
        case when is_masked then '***' else tag_value end as tag_value,
        case when is_masked then '***' else value_zh end as value_zh,
        unit,
        case when not is_masked then since end as since,
        case when not is_masked then confidence end as confidence,
        case when is_masked or is_why_masked then '***' else why end as why,
        definition_zh,
        kind,
        status,
        path,
        sensitivity,
        security_level,
        is_masked,
        case when is_masked then beyond_role || '：' || sensitivity || '/' || cast(security_level as string) || ' 级' end
            as masked_because,
        as_of_date
    from judged
)

select * from portrait_by_role
