{# A measure over a source that covers every core customer, at its tag's type: zero where nothing is recorded, null (unknown) for a
   prospect, whom the core systems do not know, and where the source does not cover what is measured: covers is a condition, as
   is_covered gives it (DECISIONS 21). Needs the customer spine under the alias spine.

   {{ measured('windows.transfer_count_30d', 'bigint', 'spine.covers_30d') }} #}
{% macro measured(measure, data_type='decimal(28, 2)', covers=none) -%}
    case
        when spine.is_core_customer{{ ' and ' ~ covers if covers }} then cast(coalesce({{ measure }}, 0) as {{ data_type }})
    end
{%- endmacro %}
