{% call audience(
    name_zh='高净值客户理财', purpose='marketing', owner='财富管理部', product='WP04', channels=['PHONE', 'WECOM'],
    scenario='high_net_worth_wealth', priority=1, min_confidence={'suitability_status': 0.5}
) %}
    is_high_net_worth_wealth_target
{% endcall %}
