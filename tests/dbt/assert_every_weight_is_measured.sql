-- Every weight of a preference names a fact tag that the shares can read. One that names none would be an unknown
-- measure, and nobody would have the preference.
{% set weighable = [] %}
{% for tags in weighable_tags().values() %}
    {% for tag in tags %}{% do weighable.append({'tag_code': tag}) %}{% endfor %}
{% endfor %}
{% set problems %}
    select
        'seeds/policy/rules/preference_weights.csv' as seed_file,
        weights.preference || ' / ' || weights.tag_code as row_name,
        'no weight can be put on ' || weights.tag_code as problem,
        'name a tag of macro weighable_tags, or add this one there if it is a count, amount or holding' as remedy
    from {{ ref('preference_weights') }} as weights
    left join {{ rows_from(weighable, ['tag_code']) }} as tags
        on weights.tag_code = tags.tag_code
    where tags.tag_code is null
{% endset %}

{{ printed_rows(problems) }}
