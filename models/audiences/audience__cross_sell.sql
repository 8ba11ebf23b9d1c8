{% call audience(
    name_zh='交叉销售', purpose='marketing', owner='财富管理部', product='FD02', channels=['APP', 'WECOM'],
    scenario='cross_sell', priority=4, excluding=['credit_warning']
) %}
    is_cross_sell_target
{% endcall %}
