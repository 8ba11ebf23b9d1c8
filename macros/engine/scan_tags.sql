{# What one pass over a wide table says of each of its tags: one row a tag (tag_code, data_type, bin_kind, customers,
   known_customers, distinct_values, lowest_value, highest_value, values_digest), and under bin_counts the customers in each bin as a JSON object
   {bin: customers}. What the bins are says models/checks/bins.md; tags is the list of tags_to_scan().
   Difference: DuckDB counts all tags side by side with histogram(), an aggregate that Spark does not have; Spark folds the tags
   into rows and counts them by tag and bin. values_digest compares within an engine only. #}
{% macro scan_tags(relation, tags) -%}
    {{ return(adapter.dispatch('scan_tags')(relation, tags)) }}
{%- endmacro %}

{% macro duckdb__scan_tags(relation, tags) -%}
    {#- DuckDB's hash of two values is one xor the other: by itself, the digest would say only which values stand an odd number
        of times. So the hash is hashed again. -#}
    {#- DuckDB puts a number into the first bin whose bound is not below it. Half-open bins [from, to) need the last bound
        that is not above it: so numbers and bounds are negated on the way in, and the bounds again on the way out. -#}
    {%- set counted = {'value': '%s', 'bucket': 'substr(md5(%s), 1, 1)', 'number': '-cast(%s as double)',
        'months': '-ceil(' ~ dbt.datediff(as_of_date(), '%s', 'day') ~ ' / 30.0)'} -%}
    select
        tag_code,
        data_type,
        bin_kind,
        customers,
        known_customers,
        case
            when bin_kind = 'value' then coalesce(len(map_keys(counts)), 0)
            else least(distinct_values, known_customers)
        end as distinct_values,
        lowest_value,
        highest_value,
        values_digest,
        cast(to_json(
            case
                when bin_kind in ('value', 'bucket') then counts
                else map_from_entries(list_transform(
                    list_filter(map_entries(counts), lambda entry: entry.value > 0),
                    lambda entry: {'key': cast(0 - cast(entry.key as double) as string), 'value': entry.value}
                ))
            end
        ) as string) as bin_counts
    from (
        select unnest([
            {%- for tag in tags %}
            {%- set ordered = tag.bin_kind in ('number', 'months') %}
            {
                'tag_code': '{{ tag.code }}',
                'data_type': '{{ tag.data_type }}',
                'bin_kind': '{{ tag.bin_kind }}',
                'customers': count(*),
                'known_customers': count({{ tag.code }}),
                'distinct_values': {{ distinct_values(tag) }},
                'lowest_value': {{ 'cast(min(' ~ tag.code ~ ') as string)' if ordered else 'null' }},
                'highest_value': {{ 'cast(max(' ~ tag.code ~ ') as string)' if ordered else 'null' }},
                'values_digest': 'd' || cast(bit_xor(hash(hash(customer_id, {{ tag.code }}))) as string),
                'counts': cast(
                    histogram({{ counted[tag.bin_kind] % tag.code }}{{ ', bin_bounds' if ordered }}) as map(string, bigint)
                )
            }{{ ',' if not loop.last }}
            {%- endfor %}
        ], recursive := true)
        from {{ relation }}
        cross join (select [{{ one_digit_numbers() | join(', ') }}] as bin_bounds)
    )
{%- endmacro %}

{# Different values of a tag. Of values, the bins say it; amounts and ratios have too many different ones to keep. #}
{% macro distinct_values(tag) -%}
    {%- if tag.bin_kind == 'value' -%} null
    {%- elif has_many_values(tag) -%} approx_count_distinct({{ tag.code }})
    {%- else -%} count(distinct {{ tag.code }})
    {%- endif -%}
{%- endmacro %}

{% macro has_many_values(tag) -%}
    {{ return(tag.data_type.startswith(('decimal', 'double'))) }}
{%- endmacro %}
