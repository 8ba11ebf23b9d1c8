-- Nothing breaks the rules of the tag system. Each violation is printed with what to do about it.
{% set violations %}
    select
        check_name,
        subject,
        problem || '. Remedy: ' || remedy || '.' as problem
    from {{ ref('tag_violations') }}
    order by check_name, subject
{% endset %}

{{ printed_rows(violations) }}
