{# No two rows agree on all the columns of combination_of_columns. #}
{% test unique_combination_of_columns(model, combination_of_columns, quote_columns=false) %}
    {% set columns = [] %}
    {% for column in combination_of_columns %}
        {% do columns.append(adapter.quote(column) if quote_columns else column) %}
    {% endfor %}
    select {{ columns | join(', ') }}
    from {{ model }}
    group by {{ columns | join(', ') }}
    having count(*) > 1
{% endtest %}
