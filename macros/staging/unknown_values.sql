{# Names of the columns whose delivered value could not be used and became unknown, comma-separated; null when all could.

   Example: unknown_values({'gender': 'genders.gender'}) names gender where source.gender holds something but
   genders.gender, what was made of it, is null.

   known: standardised expression of each column, by the column's name in the source. #}
{% macro unknown_values(known) -%}
    nullif(concat_ws(
        ','
        {%- for column, standardised in known.items() %},
        case when nullif(trim(cast(source.{{ column }} as string)), '') is not null and {{ standardised }} is null then '{{ column }}' end
        {%- endfor %}
    ), '')
{%- endmacro %}
