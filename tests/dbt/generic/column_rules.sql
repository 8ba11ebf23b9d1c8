{# Proves in one scan of the table that none of the columns of never_null is ever null, and that each column of accepted holds
   one of its values, or none. A failing row says which column, and how to see it; the value itself may be a person's.

       data_tests:
         - column_rules:
             arguments: {never_null: [account_id, opened_date], accepted: {account_status: [ACTIVE, CLOSED]}}
#}
{% test column_rules(model, never_null=[], accepted={}) %}
    {{- printed_rows(columns=['problem', 'remedy']) }}
    {%- set rules = [] %}
    {%- for column in never_null %}
        {%- do rules.append({'column': column, 'broken': column ~ ' is null', 'says': 'is null'}) %}
    {%- endfor %}
    {%- for column, values in accepted.items() %}
        {%- set listed = [] %}
        {%- for value in values %}
            {%- do listed.append("'" ~ (value | replace("'", "''")) ~ "'" if value is string else value) %}
        {%- endfor %}
        {%- set broken = column ~ ' not in (' ~ (listed | join(', ')) ~ ')' %}
        {%- do rules.append({'column': column, 'broken': broken, 'says': 'is none of ' ~ (values | join(', ') | replace("'", "''"))}) %}
    {%- endfor %}
    {%- set columns = rules | map(attribute='column') | unique | join(', ') %}
    with judged as (
        select
            {{ columns }},
            case
                {%- for rule in rules %}
                when {{ rule.broken }} then '{{ rule.column }} {{ rule.says }}'
                {%- endfor %}
            end as problem,
            case
                {%- for rule in rules %}
                when {{ rule.broken }} then '{{ rule.broken | replace("'", "''") }}'
                {%- endfor %}
            end as broken
        from {{ model }}
    )

    select
        *,
        'see such a row, and what the model makes the column of: banktags query --work "select * from {{ model | replace("'", "''") | replace('"', '') }} where '
        || broken || ' limit 1"' as remedy
    from judged
    where problem is not null
{% endtest %}
