{# Lists that stand in a row: what is judged of one row alone needs no other row, so that a view which does it gives its first rows
   at once, however many there are. `expression` and `condition` name the element by `element`, and may name columns and outer elements.
   Difference: DuckDB has list_ functions and `lambda element: …`, Spark functions of arrays and `element -> …`. #}

{# A list with each element computed anew; null stays null. #}
{% macro each_of(list, element, expression) -%}
    {{ return(adapter.dispatch('each_of')(list, element, expression)) }}
{%- endmacro %}

{% macro duckdb__each_of(list, element, expression) -%}
    list_transform({{ list }}, lambda {{ element }}: {{ expression }})
{%- endmacro %}

{% macro default__each_of(list, element, expression) -%}
    transform({{ list }}, {{ element }} -> {{ expression }})
{%- endmacro %}

{# The elements of a list for which a condition holds, in their order. #}
{% macro those_of(list, element, condition) -%}
    {{ return(adapter.dispatch('those_of')(list, element, condition)) }}
{%- endmacro %}

{% macro duckdb__those_of(list, element, condition) -%}
    list_filter({{ list }}, lambda {{ element }}: {{ condition }})
{%- endmacro %}

{% macro default__those_of(list, element, condition) -%}
    filter({{ list }}, {{ element }} -> {{ condition }})
{%- endmacro %}

{# The first element of a list; null where there is none. #}
{% macro first_of(list) -%}
    {{ return(adapter.dispatch('first_of')(list)) }}
{%- endmacro %}

{% macro duckdb__first_of(list) -%}
    list_extract({{ list }}, 1)
{%- endmacro %}

{% macro default__first_of(list) -%}
    try_element_at({{ list }}, 1)
{%- endmacro %}

{# The last element of a list; null where there is none. #}
{% macro last_of(list) -%}
    {{ return(adapter.dispatch('last_of')(list)) }}
{%- endmacro %}

{% macro duckdb__last_of(list) -%}
    list_extract({{ list }}, -1)
{%- endmacro %}

{% macro default__last_of(list) -%}
    try_element_at({{ list }}, -1)
{%- endmacro %}

{# How many elements a list has; null of null. #}
{% macro size_of(list) -%}
    {{ return(adapter.dispatch('size_of')(list)) }}
{%- endmacro %}

{% macro duckdb__size_of(list) -%}
    len({{ list }})
{%- endmacro %}

{% macro default__size_of(list) -%}
    array_size({{ list }})
{%- endmacro %}

{# The texts of a list as one, without nulls; null where there is none. #}
{% macro joined_texts(list, delimiter) -%}
    {{ return(adapter.dispatch('joined_texts')(list, delimiter)) }}
{%- endmacro %}

{% macro duckdb__joined_texts(list, delimiter) -%}
    nullif(array_to_string({{ list }}, {{ delimiter }}), '')
{%- endmacro %}

{% macro default__joined_texts(list, delimiter) -%}
    nullif(array_join({{ list }}, {{ delimiter }}), '')
{%- endmacro %}

{# The sum of a list of decimal(38, 10), none of which is null. #}
{% macro sum_of(list) -%}
    {{ return(adapter.dispatch('sum_of')(list)) }}
{%- endmacro %}

{% macro duckdb__sum_of(list) -%}
    list_sum({{ list }})
{%- endmacro %}

{% macro default__sum_of(list) -%}
    aggregate({{ list }}, cast(0 as decimal(38, 10)), (total, element) -> cast(total + element as decimal(38, 10)))
{%- endmacro %}

{# The smallest and the largest element of a list, without nulls. #}
{% macro least_of(list) -%}
    {{ return(adapter.dispatch('least_of')(list)) }}
{%- endmacro %}

{% macro duckdb__least_of(list) -%}
    list_min({{ list }})
{%- endmacro %}

{% macro default__least_of(list) -%}
    array_min({{ list }})
{%- endmacro %}

{% macro greatest_of(list) -%}
    {{ return(adapter.dispatch('greatest_of')(list)) }}
{%- endmacro %}

{% macro duckdb__greatest_of(list) -%}
    list_max({{ list }})
{%- endmacro %}

{% macro default__greatest_of(list) -%}
    array_max({{ list }})
{%- endmacro %}

{# Several values as one, by name: {'name': 'expression'}. #}
{% macro record_of(fields) -%}
    {{ return(adapter.dispatch('record_of')(fields)) }}
{%- endmacro %}

{% macro duckdb__record_of(fields) -%}
    struct_pack({% for name, value in fields.items() %}{{ name }} := {{ value }}{{ ', ' if not loop.last }}{% endfor %})
{%- endmacro %}

{% macro default__record_of(fields) -%}
    named_struct({% for name, value in fields.items() %}'{{ name }}', {{ value }}{{ ', ' if not loop.last }}{% endfor %})
{%- endmacro %}

{# Rows of a group as a list, in the order of columns that are never the same for two of them; of those where a condition holds, and null where it
   holds for none. #}
{% macro list_of(value, order_by, condition='true') -%}
    {{ return(adapter.dispatch('list_of')(value, order_by, condition)) }}
{%- endmacro %}

{% macro duckdb__list_of(value, order_by, condition) -%}
    list({{ value }} order by {{ order_by }}) filter (where {{ condition }})
{%- endmacro %}

{% macro default__list_of(value, order_by, condition) -%}
    case
        when count(case when {{ condition }} then 1 end) > 0
            then transform(
                array_sort(collect_list(case when {{ condition }} then struct({{ order_by }}, {{ value }} as listed) end)),
                pair -> pair.listed
            )
    end
{%- endmacro %}

{# Rows of a group as a map, of keys that each stand once. #}
{% macro map_of(key, value) -%}
    {{ return(adapter.dispatch('map_of')(key, value)) }}
{%- endmacro %}

{% macro duckdb__map_of(key, value) -%}
    map(list({{ key }}), list({{ value }}))
{%- endmacro %}

{% macro default__map_of(key, value) -%}
    map_from_entries(collect_list(struct({{ key }}, {{ value }})))
{%- endmacro %}

{# A map as rows: one row for each key. It stands in a select list. #}
{% macro unfold_map(map, key_name, value_name) -%}
    {{ return(adapter.dispatch('unfold_map')(map, key_name, value_name)) }}
{%- endmacro %}

{% macro duckdb__unfold_map(map, key_name, value_name) -%}
    unnest(map_keys({{ map }})) as {{ key_name }}, unnest(map_values({{ map }})) as {{ value_name }}
{%- endmacro %}

{% macro default__unfold_map(map, key_name, value_name) -%}
    explode({{ map }}) as ({{ key_name }}, {{ value_name }})
{%- endmacro %}

{# A list of keys, each once, and the list of their values, as a map; null where there is no list. #}
{% macro map_from_lists(keys, values) -%}
    {{ return(adapter.dispatch('map_from_lists')(keys, values)) }}
{%- endmacro %}

{% macro duckdb__map_from_lists(keys, values) -%}
    map({{ keys }}, {{ values }})
{%- endmacro %}

{% macro default__map_from_lists(keys, values) -%}
    map_from_arrays({{ keys }}, {{ values }})
{%- endmacro %}

{# A list as rows: one row for each element, and one with null where there is none. It stands in a select list. #}
{% macro unfold_list(list) -%}
    {{ return(adapter.dispatch('unfold_list')(list)) }}
{%- endmacro %}

{% macro duckdb__unfold_list(list) -%}
    unnest(case when len({{ list }}) > 0 then {{ list }} else [null] end)
{%- endmacro %}

{% macro default__unfold_list(list) -%}
    explode_outer({{ list }})
{%- endmacro %}
