{# How many rows of a relation have each value of many columns, by key, in one pass: one row a key, tag and value that stands
   (key columns, tag_code, tag_value, customers). traits is a list of {code, value}: the name under which an expression's values are
   counted. Difference: DuckDB counts all side by side with histogram(); Spark, which lacks it, folds the columns into rows. #}
{% macro count_values(relation, key_columns, traits) -%}
    {{ return(adapter.dispatch('count_values')(relation, key_columns, traits)) }}
{%- endmacro %}

{% macro duckdb__count_values(relation, key_columns, traits) -%}
    {%- set keys = key_columns | join(', ') -%}
    select {{ keys }}, tag_code, counted.key as tag_value, cast(counted.value as bigint) as customers
    from (
        select {{ keys }}, tag_code, unnest(map_entries(counts)) as counted
        from (
            select
                {{ keys }},
                unnest([
                    {%- for trait in traits %}
                    {'tag_code': '{{ trait.code }}', 'counts': histogram({{ trait.value }})}{{ ',' if not loop.last }}
                    {%- endfor %}
                ], recursive := true)
            from {{ relation }}
            group by {{ keys }}
        )
    )
{%- endmacro %}

{% macro spark__count_values(relation, key_columns, traits) -%}
    {%- set keys = key_columns | join(', ') -%}
    select {{ keys }}, tag_code, tag_value, count(*) as customers
    from (
        select
            {{ keys }},
            inline(array(
                {%- for trait in traits %}
                struct('{{ trait.code }}' as tag_code, {{ trait.value }} as tag_value){{ ',' if not loop.last }}
                {%- endfor %}
            ))
        from {{ relation }}
    ) as folded
    where tag_value is not null
    group by {{ keys }}, tag_code, tag_value
{%- endmacro %}
