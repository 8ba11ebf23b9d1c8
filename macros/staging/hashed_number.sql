{# An account or card number as it leaves the source: its keyed hash, null when there is none. Banks use the number itself as the key of
   the account, so the key is hashed like any other account number, and the two can be compared. #}
{% macro hashed_number(column) -%}
    {{ keyed_hash(known_text(column)) }}
{%- endmacro %}
