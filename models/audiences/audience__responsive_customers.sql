{% call audience(
    name_zh='反馈积极客户', purpose='marketing', owner='零售金融部', product='WP02', channels=['APP', 'SMS', 'WECOM'],
    scenario='channel_choice', priority=7, excluding=['high_net_worth_wealth', 'wealth_promotion']
) %}
    is_marketing_responsive_90d
    and app_login_activity_7d = 'active'
{% endcall %}
