{% call audience(
    name_zh='大额到期提醒', purpose='service', owner='零售金融部', channels=['APP', 'SMS'], scenario='event_trigger'
) %}
    has_large_maturity_ahead
{% endcall %}
