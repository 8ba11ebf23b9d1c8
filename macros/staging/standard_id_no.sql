{# An identity document number in its one form: no blanks, upper case, half-width. #}
{% macro normal_id_no(column) -%}
    nullif(upper(translate({{ column }}, '０１２３４５６７８９ｘＸ 　', '0123456789XX')), '')
{%- endmacro %}

{# True for a resident identity number (GB 11643): 17 digits and the check digit that they give, ISO 7064 MOD 11-2.
   Takes the number in its one form. Never fails: a character that is no digit counts as −1, and is refused by the first test. #}
{% macro is_resident_id_no(id_no) -%}
    {%- set weights = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2] -%}
    (
        length({{ id_no }}) = 18
        and translate(substr({{ id_no }}, 1, 17), '0123456789', '') = ''
        and substr({{ id_no }}, 18, 1) = substr('10X98765432', 1 + mod(
            {%- for weight in weights %}
            {{ weight }} * (position(substr({{ id_no }}, {{ loop.index }}, 1) in '0123456789') - 1){{ ' +' if not loop.last }}
            {%- endfor %}
            , 11), 1)
    )
{%- endmacro %}

{# The identity number that a person can be recognised by: a resident number whose check digit is right, or the number of
   any other document that is five characters or longer and not the same one throughout (0000000). Anything else is worse
   than none, so it is null. Takes the number in its one form. Fillers that look like a number (12345678, UNKNOWN) are known by
   their hash only, in CRM too: seed identity_placeholders, int_customer__unusable_identifiers. #}
{% macro usable_id_no(id_type, id_no) -%}
    case
        when {{ is_resident_id_no(id_no) }} then {{ id_no }}
        when {{ id_type }} in ('PASSPORT', 'OTHER')
            and length({{ id_no }}) >= 5
            and translate({{ id_no }}, substr({{ id_no }}, 1, 1), '') <> ''
            then {{ id_no }}
    end
{%- endmacro %}

{# A SHA-256 digest as 64 lower-case hex characters, null for any other text, and for one character throughout (a filler). #}
{% macro sha256_or_unknown(column) -%}
    case
        when length(trim({{ column }})) = 64
            and translate(lower(trim({{ column }})), '0123456789abcdef', '') = ''
            and translate(lower(trim({{ column }})), substr(lower(trim({{ column }})), 1, 1), '') <> ''
            then lower(trim({{ column }}))
    end
{%- endmacro %}
