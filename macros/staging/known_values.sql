{# What a source table's values are judged by, from seed unknown_sentinels, as one row: the dates and texts that systems write where
   there is no value (DECISIONS 75), each between bars, and the age that nobody reaches. #}
{% macro unknown_sentinels() -%}
    select
        {{ dbt.listagg("case when kind = 'date' then value end", "''", 'order by value') }} as no_dates,
        {{ dbt.listagg("case when kind = 'text' then value end", "''", 'order by value') }} as no_texts,
        max(case when kind = 'text' then length(value) - 2 end) as longest_no_text,
        max(case when kind = 'oldest_age_years' then cast(value as int) end) as oldest_age_years
    from {{ ref('unknown_sentinels') }}
{%- endmacro %}

{# A text without the blanks around it; null when it is empty or a text that stands for none (NULL, \N, N/A). Most are longer than any
   of those, so they are not looked up. A code that a dictionary judges needs none of this. Reads no_texts and longest_no_text. #}
{% macro known_text(column) -%}
    case
        when length(trim({{ column }})) > longest_no_text then trim({{ column }})
        when position('|' || upper(trim({{ column }})) || '|' in no_texts) = 0 then nullif(trim({{ column }}), '')
    end
{%- endmacro %}

{# True where a date or time is one that stands for none (1900-01-01, 9999-12-31). Reads no_dates. #}
{% macro is_no_date(column) -%}
    position('|' || cast(cast({{ column }} as date) as string) || '|' in no_dates) > 0
{%- endmacro %}

{# A date or time, null when it can't be right: one that stands for none, or one outside the bounds, of which an unknown one bounds
   nothing. It is for what a row can do without: the row stays.

       {{ known_date('source.closed_date', not_before='source.opened_date', not_after='source.dt') }} #}
{% macro known_date(column, not_before=none, not_after=none) -%}
    case
        when {{ is_no_date(column) }}
        {%- if not_before %} or {{ column }} < {{ not_before }}{% endif %}
        {%- if not_after %} or {{ column }} > {{ not_after }}{% endif %} then null
        else {{ column }}
    end
{%- endmacro %}

{# A birth date, null when nobody was born on it: one that stands for none, one after the batch, one of an age nobody reaches. #}
{% macro known_birth_date(column) -%}
    case
        when {{ is_no_date(column) }} or {{ column }} > dt or {{ age_years(column, 'dt') }} > oldest_age_years then null
        else {{ column }}
    end
{%- endmacro %}
