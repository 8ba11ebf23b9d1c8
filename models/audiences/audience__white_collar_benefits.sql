{% call audience(
    name_zh='白领开卡权益', purpose='marketing', owner='零售金融部', product='CC01', channels=['WECOM', 'APP'],
    scenario='new_card', priority=4
) %}
    is_white_collar_customer
    and not is_credit_card_holder
{% endcall %}
