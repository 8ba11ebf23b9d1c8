{# Whether a comparison of a rule's clause holds, in a query with the columns operator, input_number, input_text, boundary and
   boundary_text (see tag_boundaries). What is unknown fulfils "is null" only; a threshold or a source table that is itself
   asked for stands in boundary or boundary_text. #}
{% macro comparison_holds() -%}
    coalesce(
        case operator
            when 'any' then true
            when 'is null' then coalesce(input_text, cast(boundary as string), boundary_text) is null
            when 'is not null' then coalesce(input_text, cast(boundary as string), boundary_text) is not null
            when '=' then coalesce(input_number = boundary, input_text = boundary_text)
            when '<>' then coalesce(input_number <> boundary, input_text <> boundary_text)
            when '<' then input_number < boundary
            when '<=' then input_number <= boundary
            when '>' then input_number > boundary
            when '>=' then input_number >= boundary
        end,
        false
    )
{%- endmacro %}
