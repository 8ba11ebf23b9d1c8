{# The classes of the five (五级分类) of which a loan or card performs no more: 次级, 可疑 and 损失. #}
{% macro non_performing_classes() -%}
    'substandard', 'doubtful', 'loss'
{%- endmacro %}
