-- Every tag has a complete dictionary entry. A failing row, printed in the log too, names the model, the column and
-- what is missing; what a field may say is checked by tests/python/test_tag_dictionary.py.
{% set problems = incomplete_tag_entries() if execute else [] %}
{% for problem in problems %}{% do log('Incomplete tag entry: ' ~ problem, info=true) %}{% endfor %}

with problems as (
    select cast(null as string) as problem
    {% for problem in problems %}
        union all
        select '{{ problem }}' as problem
    {% endfor %}
)

select problem
from problems
where problem is not null
