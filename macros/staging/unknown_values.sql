{# Names of the columns whose delivered value could not be used and became unknown, comma-separated; null when all could. The row
   stays (DECISIONS 17).

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

{# The same columns with the shape of what was delivered in them, so that a mistake of a whole column can be told without telling
   anybody's value: gender=Aaaa. A date or text that stands for none is no mistake: closed_date=none. #}
{% macro unknown_shapes(known) -%}
    nullif(concat_ws(
        ','
        {%- for column, standardised in known.items() %},
        case
            when nullif(trim(cast(source.{{ column }} as string)), '') is null or {{ standardised }} is not null then null
            when {{ stands_for_none('source.' ~ column) }} then '{{ column }}=none'
            else '{{ column }}=' || {{ value_shape('source.' ~ column) }}
        end
        {%- endfor %}
    ), '')
{%- endmacro %}

{# True where a value of any type is one of seed unknown_sentinels: a date or time by its first ten characters. #}
{% macro stands_for_none(column) -%}
    position('|' || left(cast({{ column }} as string), 10) || '|' in no_dates) > 0
    or position('|' || upper(trim(cast({{ column }} as string))) || '|' in no_texts) > 0
{%- endmacro %}

{# The shape of a value, of at most 20 characters: A and a for letters, 9 for a digit, ? for another script or a comma. #}
{% macro value_shape(value) -%}
    {%- set text = "left(trim(cast(" ~ value ~ " as string)), 20)" -%}
    {%- set letters = replace_matches(replace_matches(text, '[^0-9A-Za-z .:/_+-]', '?'), '[A-Z]', 'A') -%}
    {{ replace_matches(replace_matches(letters, '[a-z]', 'a'), '[0-9]', '9') }}
{%- endmacro %}

{# The parts of a text between commas, as so many expressions, null where there is no more. #}
{% macro split_texts(text, parts) -%}
    {%- set split = [] -%}
    {%- for part in range(1, parts + 1) -%}
        {%- do split.append("nullif(" ~ dbt.split_part(text, "','", part) ~ ", '')") -%}
    {%- endfor -%}
    {{ return(split) }}
{%- endmacro %}
