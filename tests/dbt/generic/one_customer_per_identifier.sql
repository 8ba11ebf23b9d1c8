{# Proves that every identifier that is not marked is_shared stands for one customer, and that identity numbers, core customer
   numbers, contacts and cards are never shared: they are what makes a customer one person.

       data_tests: [one_customer_per_identifier]
#}
{% test one_customer_per_identifier(model) %}
    {{- printed_rows(columns=['id_type', 'problem', 'remedy']) }}
    select
        id_type,
        id_value,
        count(*) as customers,
        'one identifier of more than one customer' as problem,
        'see what the sources say: banktags query "select * from intermediate.int_customer__conflicts"' as remedy
    from {{ model }}
    where not is_shared or id_type in ('id_no', 'core_customer', 'crm_contact', 'card')
    group by id_type, id_value
    having count(*) > 1
{% endtest %}
