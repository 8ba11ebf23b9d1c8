{# The tiers of the pyramid that are in force on the run's date, for the bank's base currency: `tiers as ({{ tiers_in_force() }})`. #}
{% macro tiers_in_force() -%}
    select
        tier,
        name_zh,
        tier_rank,
        aum_from,
        aum_to,
        target_customer_share,
        target_profit_share,
        version
    from {{ ref('pyramid_tiers') }}
    where {{ in_force() }}
{%- endmacro %}

{# The services of each tier as one line, in their order. #}
{% macro entitlements_by_tier() -%}
    select
        tier,
        {{ dbt.listagg('name_zh', "'、'", 'order by display_order') }} as services
    from {{ ref('tier_entitlements') }}
    group by tier
{%- endmacro %}
