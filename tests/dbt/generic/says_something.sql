{# Proves that texts by which people answer for what they did are not blank: each has a letter or a digit, whatever spaces and
   signs that don't show are in it. Columns that records of earlier versions don't have are `nullable`.

       data_tests:
         - says_something:
             arguments: {columns: [exported_by, reason]}
#}
{% test says_something(model, columns, nullable=[]) %}
    {{- printed_rows(columns=['problem', 'remedy']) }}
    {%- for column in columns + nullable %}
    select
        '{{ column }} is blank' as problem,
        'a record says who and why: restore it from the backup of data/lists, or find out who wrote it' as remedy
    from {{ model }}
    where
        {{ column }} is {{ 'not null and' if column in nullable else 'null or' }}
        not {{ matches(column, '[0-9A-Za-zªµºÀ-ɏͰ-ჿᆨ-῿ぁ-ㅣㅥ-힣]') }}
    {{ 'union all' if not loop.last }}
    {%- endfor %}
{% endtest %}
