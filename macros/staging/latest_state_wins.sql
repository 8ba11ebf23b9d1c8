{# Judges the contested rows of a table of kind state: of the valid rows of a key in one batch the last loaded stands
   (DECISIONS 16; loaded_at, then the text of the row as a tie-break), the others are a duplicate_delivery. A row that a later batch
   delivers for a key known before corrects it. The corrected row is left as it is, because as of the days between it was the
   truth; the new one is marked revises_earlier, and revisions tells which rows are corrected by the date asked for. An order is a
   state too (DECISIONS 76).

   relation: rows with their own `fault` (null = valid). contested: what contested_keys made of it. key: columns of the key, the
   business date last. #}
{% macro latest_state_wins(relation, contested, key) -%}
    {%- set keys = relation ~ '.' ~ key | join(', ' ~ relation ~ '.') -%}
    select
        {{ relation }}.*,
        case
            when fault is not null then fault
            when row_number() over (
                partition by {{ keys }}, dt, (fault is null) order by loaded_at desc, {{ row_as_text(relation) }} desc
            ) > 1 then 'duplicate_delivery'
        end as quarantine_reason,
        fault is null and ({{ contested }}.is_held = 1 or dt > min(dt) over (partition by {{ keys }}, (fault is null))) as revises_earlier
    from {{ relation }}
    inner join {{ contested }} on {{ same_key(key, contested, relation) }}
{%- endmacro %}

{# Which keys a later batch, known as of the run's date, has corrected, and when last: a row of the key from before that day
   is revised. They are few, so a reader of all rows joins them by hash. states: the base model of a state table. #}
{% macro revisions(states, key) -%}
    select
        {{ key | join(', ') }},
        max(dt) as revised_on
    from {{ states }}
    where
        revises_earlier
        and quarantine_reason is null
        and dt <= {{ as_of_date() }}
    group by {{ key | join(', ') }}
{%- endmacro %}
