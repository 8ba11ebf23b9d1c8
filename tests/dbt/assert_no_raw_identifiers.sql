{{ printed_rows() }}

-- Raw identifiers never leave staging: no text of any stored table looks like a mobile, a resident identity number or a
-- card number, keys after staging among them. One scan a table; of one that is staged batch by batch, the batches that
-- no recorded run has tested. A row here names the table, its columns and how many of its rows are affected, never the
-- value. What looks like an identifier and is none is said in seed identifier_exceptions, with the reason.
-- Runs when the last tables stand: depends_on {{ ref('customer_360') }}, {{ ref('customer_tags') }},
-- {{ ref('staging_quality') }}, {{ ref('int_customer__id_mapping') }}, {{ ref('int_customer__conflicts') }},
-- {{ ref('int_aum__intervals') }}, {{ ref('int_campaign__events') }}, {{ ref('int_credit__risk_classes') }},
-- {{ ref('tag_quality') }}, {{ ref('tag_confidence') }}, {{ ref('definition_conflicts') }},
-- {{ ref('tag_violations') }}, {{ ref('tag_changes') }},
-- {{ ref('identifier_exceptions') }}.
{% set tables = texts_to_search(ref('identifier_exceptions')) if execute else {} %}
{% set by_batch = [] %}
{% for table in staged_tables() if table.batched %}
    {% do by_batch.append('staging.base_' ~ table.system ~ '__' ~ table.name) %}
{% endfor %}
{% set tested_to = tested_until() %}

with

-- Of the rows in which any text does, the columns.
found as (
    {% for table, columns in tables.items() %}
        select
            '{{ table }}' as table_name,
            {{ unfold(columns_that_look_like_identifiers(columns)) }} as column_name
        from {{ table }}
        where
            {{ looks_like_identifier("concat_ws('|', " ~ columns.values() | join(', ') ~ ")") }}
            {%- if table in by_batch %}
                and dt > {{ tested_to }}
            {%- endif %}
        union all
    {% endfor %}
    select
        cast(null as string) as table_name,
        cast(null as string) as column_name
),

counted as (
    select
        table_name,
        column_name,
        count(*) as rows_with_identifiers
    from found
    where column_name is not null
    group by table_name, column_name
)

select
    table_name,
    column_name,
    rows_with_identifiers,
    'rows whose text looks like a mobile, an identity number or a card number' as problem,
    'hash the column where it is staged (macro keyed_hash), deliver it without the number, or say in seed '
    || 'identifier_exceptions why it is none' as remedy
from counted
