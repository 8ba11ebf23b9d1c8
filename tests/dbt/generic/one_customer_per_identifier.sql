{# Proves that every identifier that holds today and is not marked is_shared stands for one customer, and that core customer numbers,
   contacts, cards and devices are never shared: they are what makes a customer one person. What held in the past is history, and
   no reason to stop a night: int_customer__conflicts says whose number was another's before.

       data_tests: [one_customer_per_identifier]
#}
{% test one_customer_per_identifier(model) %}
    {{- printed_rows(columns=['id_type', 'problem', 'remedy']) }}
    select
        id_type,
        id_value,
        count(*) as customers,
        'one identifier of more than one customer' as problem,
        'see what the sources say: banktags query --work "select * from intermediate.int_customer__conflicts"' as remedy
    from {{ model }}
    where
        valid_to is null
        and (not is_shared or id_type in ('core_customer', 'crm_contact', 'card', 'device'))
    group by id_type, id_value
    having count(*) > 1
{% endtest %}
