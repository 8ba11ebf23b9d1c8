{# A dictionary as staging looks codes up in it: one row for each code that a bank may deliver (delivered_code), with the columns of
   the row of the dictionary that it stands for. What seed code_mappings says of a bank's own code comes first.

   left join {{ codes_of('genders', 'source_code') }} as genders
       on {{ delivered_code('source.gender') }} = genders.delivered_code #}
{% macro codes_of(dictionary, code) -%}
    (
        select
            listed.*,
            listed.{{ code }} as delivered_code
        from {{ ref(dictionary) }} as listed
        where not exists (
            select 1
            from {{ ref('code_mappings') }} as mappings
            where mappings.dictionary = '{{ dictionary }}' and {{ delivered_code('mappings.bank_code') }} = listed.{{ code }}
        )

        union all

        select
            listed.*,
            {{ delivered_code('mappings.bank_code') }} as delivered_code
        from {{ ref('code_mappings') }} as mappings
        inner join {{ ref(dictionary) }} as listed
            on mappings.code = listed.{{ code }}
        where mappings.dictionary = '{{ dictionary }}'
    )
{%- endmacro %}

{# A code as delivered, in the one form in which codes are compared: blanks around it and case don't count. #}
{% macro delivered_code(column) -%}
    upper(trim({{ column }}))
{%- endmacro %}

{# The code under which dictionary cities has a place that is delivered with its code of GB/T 2260, that of a city or of a county in it,
   also with the digits of the township behind. Counties of a municipality or region go by the first two digits, those that a
   province administers itself (third and fourth digit 90) stand in the dictionary, all others go by the first four. #}
{% macro city_code_of(column) -%}
    {%- set code = 'trim(' ~ column ~ ')' -%}
    case
        when not {{ matches(code, '^[1-8][1-7][0-9]{4}([0-9]{3}){0,2}$') }} then {{ delivered_code(column) }}
        when substr({{ code }}, 1, 2) in ('11', '12', '31', '50', '71', '81', '82') then substr({{ code }}, 1, 2) || '0000'
        when substr({{ code }}, 3, 2) = '90' then substr({{ code }}, 1, 6)
        else substr({{ code }}, 1, 4) || '00'
    end
{%- endmacro %}
