{% call audience(
    name_zh='理财推广', purpose='marketing', owner='财富管理部', product='WP03', channels=['APP', 'SMS'],
    scenario='wealth_recommendation', priority=2
) %}
    -- 资产≥30万
    aum_month_avg >= 300000
    -- 近三月交易频繁
    and is_frequent_transactor_90d
{% endcall %}
