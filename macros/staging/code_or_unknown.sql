{# The code in a column when it is one of the codes given, else null: for descriptive columns, where a bad code is no reason
   to lose the row. Blanks around it don't count; `case` says how the codes are written (upper or lower). #}
{% macro code_or_unknown(column, codes, case='upper') -%}
    case when {{ case }}(trim({{ column }})) in ('{{ codes | join("', '") }}') then {{ case }}(trim({{ column }})) end
{%- endmacro %}
