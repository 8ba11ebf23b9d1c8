{# What scan_tags() is on Spark: tags folded into rows, and counted by tag and bin. #}
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
