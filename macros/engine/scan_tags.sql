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

{% macro spark__scan_tags(relation, tags) -%}
    {#- Some tags at a time: Spark compiles no code for a list of all. The table is stored by column, so it is read once. -#}
    {%- set few = 40 -%}
    with

    described as (
        {%- for some in tags | batch(few) %}
        select
            inline(array(
                {%- for tag in some %}
                {%- set ordered = tag.bin_kind in ('number', 'months') %}
                struct(
                    '{{ tag.code }}' as tag_code,
                    '{{ tag.data_type }}' as data_type,
                    '{{ tag.bin_kind }}' as bin_kind,
                    count(*) as customers,
                    count({{ tag.code }}) as known_customers,
                    cast({{ 'approx_count_distinct(' ~ tag.code ~ ')' if has_many_values(tag) else 'null' }} as bigint) as about_values,
                    cast({{ 'min(' ~ tag.code ~ ')' if ordered else 'null' }} as string) as lowest_value,
                    cast({{ 'max(' ~ tag.code ~ ')' if ordered else 'null' }} as string) as highest_value,
                    -- In hex: behind the sign of a negative number the digits would look like those of a card.
                    'd' || hex(bit_xor(xxhash64(customer_id, {{ tag.code }}))) as values_digest
                ){{ ',' if not loop.last }}
                {%- endfor %}
            ))
        from {{ relation }}
        {{ 'union all' if not loop.last }}
        {%- endfor %}
    ),

    folded as (
        {%- for some in tags | batch(few) %}
        select
            inline(array(
                {%- for tag in some %}
                {%- set number = {
                    'number': tag.code,
                    'months': 'ceil(' ~ dbt.datediff(as_of_date(), tag.code, 'day') ~ ' / 30.0)',
                }.get(tag.bin_kind, 'null') %}
                struct(
                    '{{ tag.code }}' as tag_code,
                    '{{ tag.bin_kind }}' as bin_kind,
                    {{ tag.code }} is not null as is_known,
                    cast({{ 'null' if has_many_values(tag) else tag.code }} as string) as exact_value,
                    cast({{ number }} as double) as number
                ){{ ',' if not loop.last }}
                {%- endfor %}
            ))
        from {{ relation }}
        {{ 'union all' if not loop.last }}
        {%- endfor %}
    ),

    -- A number's bin is the last number of one significant digit that is not above it, as digit and power of ten.
    powers as (
        select
            *,
            floor(log10(abs(number))) as power
        from folded
        where is_known
    ),

    by_value as (
        select
            tag_code,
            bin_kind,
            exact_value,
            power,
            digit,
            count(*) as customers
        from (
            select
                *,
                case
                    when number > 0 then floor(number / pow(10, power) + 1e-14)
                    when number < 0 then -ceil(-number / pow(10, power) - 1e-14)
                end as digit
            from powers
        ) as digits
        group by tag_code, bin_kind, exact_value, power, digit
    ),

    -- From here on rows are values and bins, not customers.
    by_bin as (
        select
            tag_code,
            bin,
            max(case when bin_kind in ('number', 'months') then -cast(bin as double) end) as place,
            count(exact_value) as exact_values,
            sum(customers) as customers
        from (
            select
                *,
                case
                    when bin_kind = 'value' then exact_value
                    when bin_kind = 'bucket' then substr(md5(exact_value), 1, 1)
                    when digit is null or digit > 0 and power < -3 then '0.0'
                    when power < -3 then '-0.001'
                    when digit > 0 and power > 11 then '900000000000.0'
                    else
                        case when digit < 0 then '-' else '' end
                        || case
                            when power + cast(abs(digit) = 10 as int) >= 0
                                then cast(cast(abs(digit) * pow(10, power) as bigint) as string) || '.0'
                            else '0.' || repeat('0', cast(-power - cast(abs(digit) = 10 as int) - 1 as int))
                                || cast(if(abs(digit) = 10, 1, abs(digit)) as string)
                        end
                end as bin
            from by_value
        ) as bins
        group by tag_code, bin
    ),

    counted as (
        select
            tag_code,
            to_json(map_from_entries(transform(
                array_sort(collect_list(struct(place, bin, customers))), entry -> struct(entry.bin, entry.customers)
            ))) as bin_counts,
            count(*) as bins,
            sum(exact_values) as exact_values
        from by_bin
        group by tag_code
    )

    select
        described.tag_code,
        described.data_type,
        described.bin_kind,
        described.customers,
        described.known_customers,
        case
            when described.bin_kind = 'value' then coalesce(counted.bins, 0)
            else least(coalesce(described.about_values, counted.exact_values, 0), described.known_customers)
        end as distinct_values,
        described.lowest_value,
        described.highest_value,
        described.values_digest,
        counted.bin_counts
    from described
    left join counted on described.tag_code = counted.tag_code
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

{# The rows of tag_scan with a row for each bin in place of bin_counts: bin and its customers.
   Difference: DuckDB unfolds JSON by json_each; Spark by explode(from_json(…, 'map<string, bigint>')). #}
{% macro unfold_bin_counts(relation) -%}
    {{ return(adapter.dispatch('unfold_bin_counts')(relation)) }}
{%- endmacro %}

{% macro default__unfold_bin_counts(relation) -%}
    select
        tag_code,
        as_of_date,
        bin_kind,
        explode(from_json(bin_counts, 'map<string, bigint>')) as (bin, customers)
    from {{ relation }}
{%- endmacro %}

{% macro duckdb__unfold_bin_counts(relation) -%}
    select
        scanned.tag_code,
        scanned.as_of_date,
        scanned.bin_kind,
        counted.key as bin,
        cast(counted.value as bigint) as customers
    from {{ relation }} as scanned
    cross join json_each(scanned.bin_counts) as counted
{%- endmacro %}
