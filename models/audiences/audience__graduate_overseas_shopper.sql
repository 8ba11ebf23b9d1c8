{% call audience(
    name_zh='海淘毕业生', purpose='marketing', owner='零售金融部', product='CC02', channels=['APP'], scenario='new_card',
    priority=2
) %}
    is_recent_graduate
    and has_cross_border_online_preference_365d
    and loan_application_started_count_90d > 0
{% endcall %}
