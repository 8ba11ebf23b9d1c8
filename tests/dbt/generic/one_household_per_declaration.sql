{# Proves that who are joined by a HOUSEHOLD relation are in one household. It fails when the chains of declarations are longer than
   the rounds of the model: raise `rounds` in int_customer__household.

       data_tests:
         - one_household_per_declaration: {arguments: {relations: ref('int_customer__relations')}}
#}
{% test one_household_per_declaration(model, relations) %}
    {{- printed_rows(columns=['problem', 'remedy']) }}
    select
        declared.customer_id,
        declared.related_customer_id,
        'two whom a declaration joins are in two households' as problem,
        'raise rounds in int_customer__household, then dbt build -s int_customer__household+' as remedy
    from {{ relations }} as declared
    left join {{ model }} as own
        on declared.customer_id = own.customer_id
    left join {{ model }} as other
        on declared.related_customer_id = other.customer_id
    where
        declared.relation_type = 'HOUSEHOLD'
        and coalesce(own.household_id <> other.household_id, true)
{% endtest %}
