{# A mainland mobile number as its 11 digits, from any form it is written in: 138-0013-8000, +86 138 0013 8000,
   008613800138000, １３８００１３８０００. Null for anything else (landlines, foreign numbers, test values). #}
{% macro standard_mobile(column) -%}
    {%- set digits = "translate(" ~ column ~ ", '０１２３４５６７８９+＋-－–()（） 　\t', '0123456789')" -%}
    case
        when {{ digits }} in (right({{ digits }}, 11), '86' || right({{ digits }}, 11), '0086' || right({{ digits }}, 11))
            and translate({{ digits }}, '0123456789', '') = ''
            and right({{ digits }}, 11) between '13000000000' and '19999999999'
            and length({{ digits }}) >= 11
            then right({{ digits }}, 11)
    end
{%- endmacro %}

{# A standard mobile number with its middle hidden: 138****8000. #}
{% macro masked_mobile(mobile) -%}
    substr({{ mobile }}, 1, 3) || '****' || substr({{ mobile }}, 8, 4)
{%- endmacro %}
