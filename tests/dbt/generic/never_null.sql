{# Proves that none of the columns is ever null, in one scan of the table.

       data_tests:
         - never_null:
             arguments: {columns: [account_id, opened_date]}
#}
{% test never_null(model, columns) %}
    {{- printed_rows(columns=['problem', 'remedy']) }}
    select
        {{ columns | join(', ') }},
        case
            {%- for column in columns %}
            when {{ column }} is null then '{{ column }} is null'
            {%- endfor %}
        end as problem,
        'see such a row, and what the model makes the column of: banktags query "select * from {{ model | replace("'", "''") | replace('"', '') }} where '
        || case
            {%- for column in columns %}
            when {{ column }} is null then '{{ column }}'
            {%- endfor %}
        end || ' is null limit 1"' as remedy
    from {{ model }}
    where {{ columns | join(' is null or ') }} is null
{% endtest %}
