{# An account or card number as it leaves the source: its keyed hash, null when there is none. Banks use the number itself as the key of
   the account, so the key is hashed like any other account number, and the two can be compared. A unit test that tells rows by their
   number puts the number in the place of keyed_hash. #}
{% macro hashed_number(column) -%}
    case when {{ known_text(column) }} is not null then {{ keyed_hash('trim(' ~ column ~ ')') }} end
{%- endmacro %}
