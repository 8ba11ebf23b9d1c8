{{ printed_rows() }}

-- Raw identifiers never leave staging: no text of any stored table looks like a mobile, a resident identity number or a
-- card number. One scan a table; of one that is staged batch by batch, the batches that no recorded run has tested. A
-- row here names the table and how many of its rows are affected, never the value. Numbers that stand for nobody look
-- like identifiers on purpose: their seed is left out.
-- Runs when the last tables stand: depends_on {{ ref('customer_360') }}, {{ ref('customer_tags') }},
-- {{ ref('staging_quality') }}, {{ ref('int_customer__id_mapping') }}, {{ ref('int_customer__conflicts') }},
-- {{ ref('tag_quality') }}, {{ ref('tag_confidence') }}, {{ ref('definition_conflicts') }},
-- {{ ref('tag_violations') }}, {{ ref('tag_changes') }}.
{% set tables = stored_text_columns() if execute else {} %}
{% set by_batch = [] %}
{% for table in staged_tables() if table.batched %}
    {% do by_batch.append('staging.base_' ~ table.system ~ '__' ~ table.name) %}
{% endfor %}
{% set tested_to = tested_until() %}

with

scanned as (
    {% for table, columns in tables.items() if table != 'policy.identity_placeholders' %}
        select
            '{{ table }}' as table_name,
            count(*) as rows_with_identifiers
        from {{ table }}
        where
            {{ looks_like_identifier("concat_ws('|', " ~ columns | join(', ') ~ ")") }}
            {%- if table in by_batch %}
                and dt > {{ tested_to }}
            {%- endif %}
        union all
    {% endfor %}
    select
        cast(null as string) as table_name,
        0 as rows_with_identifiers
)

select
    table_name,
    rows_with_identifiers,
    'rows whose texts look like a mobile, an identity number or a card number' as problem,
    'hash the column where it is staged (macro keyed_hash), or deliver the text without the number' as remedy
from scanned
where rows_with_identifiers > 0
