{# The last CTEs of an event-size base model, up to `cleaned`: all judged rows, each with why it is left out (quarantine_reason), or
   null where it stands. Few keys are claimed by more than one delivery, and only their rows are ranked.

   relation: the CTE of rows with their own `fault` (null = valid). key: columns of the key, the business date last. kind: event, of
   which the first delivery of a key stands; or state, of which within a batch the last row of a key stands, and a later batch may
   revise it. #}
{% macro cleaned_rows(relation, key, kind) -%}
contested as (
    {{ contested_keys(relation, key) }}
),

uncontested as (
    {{ uncontested_rows(relation, 'contested', key, state=kind == 'state') }}
),

ranked as (
    {{ latest_state_wins(relation, 'contested', key) if kind == 'state' else first_delivery_wins(relation, 'contested', key) }}
),

cleaned as (
    select * from uncontested
    union all
    select * from ranked
)
{%- endmacro %}
