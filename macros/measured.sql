{# A measure over a source that covers every core customer, at its tag's type: zero where nothing is recorded, null (unknown)
   for a prospect, whom the core systems do not know. Needs the customer spine under the alias spine.

   {{ measured('windows.transfer_count_30d', 'bigint') }} #}
{% macro measured(measure, data_type='decimal(18, 2)') -%}
    case when spine.is_core_customer then cast(coalesce({{ measure }}, 0) as {{ data_type }}) end
{%- endmacro %}
