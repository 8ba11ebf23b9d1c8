-- Nothing breaks the rules of the tag system. Each violation is printed with what to do about it.
{% set violations %}
    select
        check_name,
        subject,
        problem,
        remedy
    from {{ ref('tag_violations') }}
{% endset %}

{% if execute and flags.WHICH in ('build', 'test') %}
    {% for violation in run_query(violations ~ ' order by check_name, subject').rows %}
        {% do log(violation.check_name ~ ': ' ~ violation.subject ~ ': ' ~ violation.problem ~ '. Remedy: ' ~ violation.remedy ~ '.', info=true) %}
    {% endfor %}
{% endif %}

{{ violations }}
