{# A mainland mobile number as its 11 digits, from any form it is written in: 138-0013-8000, +86 138 0013 8000,
   008613800138000, １３８００１３８０００. Null for anything else (landlines, foreign numbers, test values). #}
{% macro standard_mobile(column) -%}
    {%- set written = "translate(" ~ column ~ ", '０１２３４５６７８９＋-－–()（） 　\t', '0123456789+')" -%}
    {%- set number = "right(" ~ written ~ ", 11)" -%}
    case
        when {{ written }} in ({{ number }}, '86' || {{ number }}, '+86' || {{ number }}, '0086' || {{ number }})
            and length({{ number }}) = 11
            and translate({{ number }}, '0123456789', '') = ''
            and {{ number }} between '13000000000' and '19999999999'
            then {{ number }}
    end
{%- endmacro %}

{# A standard mobile number with its middle hidden: 138****8000. #}
{% macro masked_mobile(mobile) -%}
    substr({{ mobile }}, 1, 3) || '****' || substr({{ mobile }}, 8, 4)
{%- endmacro %}
