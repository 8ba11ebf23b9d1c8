{# Proves that no key has two owners on one day: nothing that is joined by key and day counts twice.

       data_tests:
         - one_owner_a_day: {arguments: {key: account_id}}
#}
{% test one_owner_a_day(model, key) %}
    {{- printed_rows(columns=['problem', 'remedy']) }}
    select
        earlier.{{ key }},
        'a {{ key }} has two owners on one day' as problem,
        'see how they are dated: banktags query --work "select * from {{ model | replace('"', '') }} order by {{ key }}, valid_from"'
            as remedy
    from {{ model }} as earlier
    inner join {{ model }} as later
        on
            earlier.{{ key }} = later.{{ key }}
            and earlier.valid_from < later.valid_from
            and earlier.valid_to > later.valid_from
{% endtest %}
