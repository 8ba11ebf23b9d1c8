{% call audience(
    name_zh='新客户开卡', purpose='marketing', owner='零售金融部', product='CC01', channels=['APP', 'SMS'],
    scenario='new_card', priority=3
) %}
    is_new_card_target
{% endcall %}
