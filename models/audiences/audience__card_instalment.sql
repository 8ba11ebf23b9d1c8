{% call audience(
    name_zh='信用卡分期', purpose='marketing', owner='零售金融部', product='CC01', channels=['APP', 'PHONE'],
    scenario='wealth_recommendation', priority=6
) %}
    is_card_instalment_target
{% endcall %}
