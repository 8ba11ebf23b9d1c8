{# A value that a rule reads, with its name: 年龄 50; of a dictionary, its Chinese label. `input` is a record of portrait_rules. #}
{% macro input_shown() -%}
    input.name_zh || ' ' || coalesce(
        ({{ first_of(those_of('input.labels', 'label', 'label.value_text = known_inputs[input.tag_code]')) }}).name_zh,
        case
            when input.is_double then cast(round(cast(known_inputs[input.tag_code] as double), 4) as string)
            else known_inputs[input.tag_code]
        end
    )
{%- endmacro %}

{# Whether a value that a rule reads is more than no or 0. #}
{% macro is_something() -%}
    known_inputs[input.tag_code] <> 'false' and coalesce(try_cast(known_inputs[input.tag_code] as double), 1) <> 0
{%- endmacro %}

{# A comparison `one` of judged_rules with what it compares: 月日均AUM 1370131.68 >= 1000000. One that does not hold says 非, and a value
   of a dictionary speaks for itself. #}
{% macro comparison_shown() -%}
    {{ joined_texts(each_of('one.inputs', 'input', input_shown()), "' + '") }} || case
        when one.operator not in ('<', '<=', '>', '>=') or one.boundary is null then ''
        else
            case when one.holds then ' ' else ' 非 ' end
            || one.operator || ' '
            || case
                when one.boundary = floor(one.boundary) then cast(cast(one.boundary as bigint) as string)
                else cast(cast(one.boundary as double) as string)
            end
    end
{%- endmacro %}
