{% call audience(
    name_zh='近三月无理财产品购买', purpose='marketing', owner='财富管理部', product='FD03', channels=['PHONE', 'WECOM'],
    scenario='wealth_recommendation', priority=5
) %}
    relationship_status = 'active'
    and has_no_wealth_purchase_90d
    and aum_month_avg >= 50000
{% endcall %}
