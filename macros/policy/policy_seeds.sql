{# Every seed whose rows hold for a currency or a time, and which of its rows must be in force on the run's date for the base
   currency. tests/python/test_policies.py proves that no seed is missing.

   key: the columns that name a row; of each name one row is in force at most. needs: 'each' = of every name that the seed has
   for any currency or time one row is in force, for what a model reads of it would be null otherwise; 'some' = rows may come
   and go, as long as something is in force: of each value of the columns `group` where it has them, else of the seed. #}
{% macro policy_seeds() -%}
    {{ return([
        {'name': 'rule_thresholds', 'key': ['rule', 'parameter'], 'needs': 'each', 'by_currency': true, 'by_date': true},
        {'name': 'tier_policy', 'key': ['rule', 'parameter'], 'needs': 'each', 'by_currency': true, 'by_date': true},
        {'name': 'arrears_tolerances', 'key': ['item'], 'needs': 'each', 'by_currency': true, 'by_date': true},
        {'name': 'campaign_parameters', 'key': ['parameter', 'item'], 'needs': 'each', 'by_currency': true, 'by_date': true},
        {'name': 'profit_rates', 'key': ['driver', 'item'], 'needs': 'each', 'by_currency': true, 'by_date': false},
        {'name': 'product_margins', 'key': ['item', 'product_id', 'parameter'], 'needs': 'some', 'group': ['parameter'], 'by_currency': false, 'by_date': true},
        {'name': 'rfm_parameters', 'key': [], 'needs': 'each', 'by_currency': true, 'by_date': true},
        {'name': 'pyramid_tiers', 'key': ['tier'], 'needs': 'some', 'by_currency': true, 'by_date': true},
        {'name': 'rfm_bands', 'key': ['axis', 'measure', 'score'], 'needs': 'some', 'group': ['axis', 'measure'], 'by_currency': true, 'by_date': true},
        {'name': 'rfm_tier_scores', 'key': ['tier'], 'needs': 'some', 'by_currency': false, 'by_date': true},
        {'name': 'occupation_groups', 'key': ['occupation'], 'needs': 'each', 'by_currency': false, 'by_date': true},
        {'name': 'lifecycle_rules', 'key': ['rule_order'], 'needs': 'some', 'by_currency': false, 'by_date': true},
        {'name': 'first_contact_rules', 'key': ['event_type', 'channel'], 'needs': 'some', 'by_currency': false, 'by_date': true},
        {'name': 'preference_weights', 'key': ['preference', 'tag_code'], 'needs': 'some', 'group': ['preference'], 'by_currency': false, 'by_date': true},
        {'name': 'wave_plans', 'key': ['plan', 'wave'], 'needs': 'some', 'by_currency': false, 'by_date': true},
    ]) }}
{%- endmacro %}

{# The path of a seed's file, for a message; its name while dbt parses, when the graph is empty. #}
{% macro seed_path(seed_name) -%}
    {%- for node in graph.get('nodes', {}).values() if node.resource_type == 'seed' and node.name == seed_name -%}
        {{ return(node.original_file_path) }}
    {%- endfor -%}
    {{ return(seed_name) }}
{%- endmacro %}


{# The name of a seed's row, from the columns that name it: large_movement / amount_from. #}
{% macro row_name(columns) -%}
    {%- for column in columns -%}
        {%- if loop.first -%}
            cast({{ column }} as string)
        {%- else %} || coalesce(' / ' || cast({{ column }} as string), '')
        {%- endif -%}
    {%- else -%}
        ''
    {%- endfor -%}
{%- endmacro %}

{# Each name of a row in the policy seeds: how many of its rows are in force, and how many of these nobody has reviewed, whose source
   begins with REVIEW as `banktags new currency` writes it. A seed without rows has one row here, without name. #}
{% macro named_policy_rows() -%}
    {%- for seed in policy_seeds() %}
    {%- set is_in_force = in_force(by_currency=seed.by_currency, by_date=seed.by_date) %}
    {%- set wanted -%}
        {{ 'for base_currency ' ~ base_currency() ~ ' ' if seed.by_currency }}on {{ business_date() }}
    {%- endset %}
    {%- set new_currency = 'run: banktags new currency ' ~ base_currency() ~ ', and review what it writes; or ' if seed.by_currency else '' %}
    select
        '{{ seed_path(seed.name) }}' as seed_file,
        '{{ seed.needs }}' as needs,
        '{{ wanted | trim }}' as wanted,
        '{{ new_currency }}add rows that are' as add_rows,
        {{ 'max(' ~ row_name(seed.group) ~ ')' if seed.group else "''" }} as group_name,
        {{ 'max(' ~ row_name(seed.key) ~ ')' if seed.key else "''" }} as row_name,
        count(case when {{ is_in_force }} then 1 end) as rows_in_force,
        count(case when {{ is_in_force }} and source like 'REVIEW%' then 1 end) as rows_unreviewed
    from {{ ref(seed.name) }}
    {{ 'group by ' ~ seed.key | join(', ') if seed.key }}

    union all

    select '{{ seed.name }}', '{{ seed.needs }}', '{{ wanted | trim }}', '{{ new_currency }}add rows that are', '', null, 0, 0
    where not exists (select 1 from {{ ref(seed.name) }})
    {{ 'union all' if not loop.last }}
    {%- endfor %}
{%- endmacro %}

{# The policy seeds of which a dated row has begun or ended in (previous_date, as_of_date] of a relation; each once. #}
{% macro moved_policy_seeds(since) -%}
    {%- for seed in policy_seeds() if seed.by_date %}
    select '{{ seed.name }}' as seed_name
    from {{ ref(seed.name) }} as policy
    cross join {{ since }}
    where
        (
            (policy.valid_from > {{ since }}.previous_date and policy.valid_from <= {{ since }}.as_of_date)
            or (policy.valid_to > {{ since }}.previous_date and policy.valid_to <= {{ since }}.as_of_date)
        )
        {%- if seed.by_currency %}
        and (policy.currency is null or policy.currency = '{{ base_currency() }}')
        {%- endif %}
    {{ 'union' if not loop.last }}
    {%- endfor %}
{%- endmacro %}
