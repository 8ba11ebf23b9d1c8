{# Every seed whose rows hold for a currency or a time, and which of its rows must be in force on the run's date for the base
   currency. tests/python/test_policies.py proves that no seed is missing.

   key: the columns that name a row; of each name one row is in force at most. needs: 'each' = of every name that the seed has
   for any currency or time one row is in force, for what a model reads of it would be null otherwise; 'some' = rows may come
   and go, as long as something is in force: of each value of the columns `group` where it has them, else of the seed. #}
{% macro policy_seeds() -%}
    {{ return([
        {'name': 'rule_thresholds', 'key': ['rule', 'parameter'], 'needs': 'each', 'by_currency': true, 'by_date': true},
        {'name': 'tier_policy', 'key': ['rule', 'parameter'], 'needs': 'each', 'by_currency': true, 'by_date': true},
        {'name': 'campaign_parameters', 'key': ['parameter', 'item'], 'needs': 'each', 'by_currency': true, 'by_date': true},
        {'name': 'profit_rates', 'key': ['driver', 'item'], 'needs': 'each', 'by_currency': true, 'by_date': false},
        {'name': 'rfm_parameters', 'key': [], 'needs': 'each', 'by_currency': true, 'by_date': true},
        {'name': 'pyramid_tiers', 'key': ['tier'], 'needs': 'some', 'by_currency': true, 'by_date': true},
        {'name': 'rfm_bands', 'key': ['axis', 'measure', 'score'], 'needs': 'some', 'group': ['axis', 'measure'], 'by_currency': true, 'by_date': true},
        {'name': 'occupation_groups', 'key': ['occupation'], 'needs': 'each', 'by_currency': false, 'by_date': true},
        {'name': 'lifecycle_rules', 'key': ['rule_order'], 'needs': 'some', 'by_currency': false, 'by_date': true},
        {'name': 'first_contact_rules', 'key': ['event_type', 'channel'], 'needs': 'some', 'by_currency': false, 'by_date': true},
        {'name': 'preference_weights', 'key': ['preference', 'tag_code'], 'needs': 'some', 'group': ['preference'], 'by_currency': false, 'by_date': true},
        {'name': 'wave_plans', 'key': ['plan', 'wave'], 'needs': 'some', 'by_currency': false, 'by_date': true},
    ]) }}
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
