{# Whether a comparison of a rule's clause holds, in a query with the columns operator, input_number, input_text, boundary and
   boundary_text (see tag_boundaries). What is unknown fulfils "is null" only; a threshold or a source table that is itself
   asked for stands in boundary or boundary_text. `of` is what the names stand in, as "compared." for an element of a list. #}
{% macro comparison_holds(of='') -%}
    coalesce(
        case {{ of }}operator
            when 'any' then true
            when 'is null' then coalesce({{ of }}input_text, cast({{ of }}boundary as string), {{ of }}boundary_text) is null
            when 'is not null' then coalesce({{ of }}input_text, cast({{ of }}boundary as string), {{ of }}boundary_text) is not null
            when '=' then coalesce({{ of }}input_number = {{ of }}boundary, {{ of }}input_text = {{ of }}boundary_text)
            when '<>' then coalesce({{ of }}input_number <> {{ of }}boundary, {{ of }}input_text <> {{ of }}boundary_text)
            when '<' then {{ of }}input_number < {{ of }}boundary
            when '<=' then {{ of }}input_number <= {{ of }}boundary
            when '>' then {{ of }}input_number > {{ of }}boundary
            when '>=' then {{ of }}input_number >= {{ of }}boundary
        end,
        false
    )
{%- endmacro %}
