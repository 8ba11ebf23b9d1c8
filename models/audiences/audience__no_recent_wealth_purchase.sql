{% call audience(
    name_zh='近三月无理财产品购买', purpose='marketing', owner='财富管理部', product='FD03', channels=['PHONE', 'WECOM'],
    scenario='wealth_recommendation', priority=5
) %}
    relationship_status = 'active'
    and not {{ within_days('wealth_purchase', 90) }}
    and aum_month_avg >= 50000
{% endcall %}
