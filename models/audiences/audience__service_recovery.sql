{% call audience(
    name_zh='服务补救', purpose='service', owner='消费者权益保护部', channels=['PHONE'], scenario='customer_service'
) %}
    is_service_recovery_target
{% endcall %}
