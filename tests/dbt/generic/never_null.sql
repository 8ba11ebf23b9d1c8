{# Proves that none of the columns is ever null, in one scan of the table.

       data_tests:
         - never_null:
             arguments: {columns: [account_id, opened_date]}
#}
{% test never_null(model, columns) %}
    select {{ columns | join(', ') }}
    from {{ model }}
    where {{ columns | join(' is null or ') }} is null
{% endtest %}
