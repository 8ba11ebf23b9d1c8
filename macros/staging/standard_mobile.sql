{# A mobile number in its one form, from any form it is written in; null for anything that cannot be one (landlines, test values).

       138-0013-8000, +86 138 0013 8000, 008613800138000, 013800138000, １３８００１３８０００   → 13800138000     mainland: 11 digits
       (852) 9123-4567, 00852 91234567, +852 9123 4567                             → +85291234567    Hong Kong
       853-61234567                                                                → +85361234567    Macao
       +886 0912 345 678, 886912345678                                             → +886912345678   Taiwan
       +44 (0)7400 123456, 0065 9123 4567                                          → +447400123456   elsewhere: + or 00 is required

   The mobile ranges are those of the numbering plans of these four; elsewhere a number of E.164 (8 to 15 digits) is taken as it is,
   but for North America (+1), whose plan says that area and exchange begin with 2 to 9. #}
{% macro standard_mobile(column) -%}
    {%- set written -%}
        translate(replace(replace({{ column }}, '(0)', ''), '（0）', ''), '０１２３４５６７８９＋-－–—.()（） 　{{ "\t" }}', '0123456789+')
    {%- endset -%}
    {%- set abroad -%}
        case when substr({{ written }}, 1, 1) = '+' then substr({{ written }}, 2) else substr({{ written }}, 3) end
    {%- endset -%}
    case
        when {{ matches(written, '^(([+]|00)?86)?0?1[3-9][0-9]{9}$') }} then right({{ written }}, 11)
        when {{ matches(written, '^([+]|00)?852[4-9][0-9]{7}$') }} then '+852' || right({{ written }}, 8)
        when {{ matches(written, '^([+]|00)?8536[0-9]{7}$') }} then '+853' || right({{ written }}, 8)
        when {{ matches(written, '^([+]|00)?8860?9[0-9]{8}$') }} then '+886' || right({{ written }}, 9)
        when {{ matches(written, '^([+]|00)(86|85[23]|886)') }} then null
        when {{ matches(written, '^([+]|00)1') }} and not {{ matches(written, '^([+]|00)1[2-9][0-9]{2}[2-9][0-9]{6}$') }} then null
        when {{ matches(written, '^([+]|00)[1-9][0-9]{7,14}$') }}
            and translate({{ abroad }}, substr({{ abroad }}, 1, 1), '') <> ''
            then '+' || {{ abroad }}
    end
{%- endmacro %}

{# A standard mobile number with its middle hidden: 138****8000, +852****4567. #}
{% macro masked_mobile(mobile) -%}
    substr({{ mobile }}, 1, length({{ mobile }}) - 8) || '****' || right({{ mobile }}, 4)
{%- endmacro %}
