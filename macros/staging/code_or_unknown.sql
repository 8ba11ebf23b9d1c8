{# The code in a column when it is one of the codes given, else null: for descriptive columns, where a bad code is no reason
   to lose the row. Blanks around it don't count; `case` says how the codes are written (upper or lower). The bank's own codes
   count as seed code_mappings says. #}
{% macro code_or_unknown(column, codes, case='upper') -%}
    {%- set code = case ~ '(' ~ mapped_code(column) ~ ')' -%}
    case when {{ code }} in ('{{ codes | join("', '") }}') then {{ code }} end
{%- endmacro %}
