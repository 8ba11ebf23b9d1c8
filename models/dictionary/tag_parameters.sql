-- The numbers in force that decide each tag (标签参数): those of the policy seeds that its own rule reads, in the bank's
-- base currency. Which rows a rule reads is taken out of its SQL (tag_rule_policies); the numbers stand in the seeds
-- only. What a tag is told by another one decides is told there.

with

policies as (
    select * from {{ ref('tag_rule_policies') }}
),

-- A seed without a date holds at any time, one without a name has the columns of its key as name.
{% for seed in policy_seeds() -%}
    {%- set read = policy_numbers(seed.name) -%}
    {{ seed.name }}_rows as (
        select
            *,
            {{ row_name(seed.key) }} as seed_row,
            {{ 'name_zh' if 'name_zh' in read.columns else 'cast(null as string)' }} as row_name_zh,
            {{ 'valid_from' if seed.by_date else 'cast(null as date)' }} as in_force_from,
            {{ 'valid_to' if seed.by_date else 'cast(null as date)' }} as in_force_to
        from {{ ref(seed.name) }}
        where {{ in_force(by_currency=seed.by_currency, by_date=seed.by_date) }}
    ),
{% endfor %}
-- One row a tag, seed row and number. A bound that is open has no number.
read_numbers as (
    {% for seed in policy_seeds() -%}
        {%- set read = policy_numbers(seed.name) -%}
        {%- set is_last_seed = loop.last -%}
        {%- for number in read.numbers or [none] -%}
            select distinct
                policies.tag_code,
                policies.seed_name,
                numbers.seed_row,
                numbers.row_name_zh,
                policies.value_column,
                {{ number.name_zh if number else 'cast(null as string)' }} as value_name_zh,
                cast({{ 'numbers.' ~ number.column if number else 'null' }} as decimal(24, 6)) as value,  -- noqa: RF04
                {{ number.unit if number else 'cast(null as string)' }} as unit,
                numbers.source,
                numbers.in_force_from,
                numbers.in_force_to
            from {{ seed.name }}_rows as numbers
            inner join policies
                on
                    policies.seed_name = '{{ seed.name }}'
                    and policies.value_column = '{{ number.column if number }}'
                    and {{ meets_filters('policies', 'numbers', read.columns) }}
            {{ 'union all' if not (loop.last and is_last_seed) }}
        {% endfor -%}
    {%- endfor %}
),

tag_parameters as (
    select
        tag_code,
        seed_name,
        seed_row,
        row_name_zh,
        value_column,
        value_name_zh,
        value,
        unit,
        source,
        in_force_from as valid_from,
        in_force_to as valid_to,
        {{ as_of_date() }} as as_of_date
    from read_numbers
    where value is not null
)

select * from tag_parameters
