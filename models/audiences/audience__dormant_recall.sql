{% call audience(
    name_zh='沉睡客户唤醒', purpose='marketing', owner='零售金融部', product='TD01', channels=['SMS', 'PHONE'],
    scenario='churn_prevention', priority=8, excluding=['service_recovery']
) %}
    is_dormant_customer
{% endcall %}
