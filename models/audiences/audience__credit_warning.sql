{% call audience(
    name_zh='信贷风险预警', purpose='risk', owner='风险管理部', scenario='credit_warning'
) %}
    is_credit_warning_target
{% endcall %}
