-- Every source row known as of the business date that is not staged: the reason, and the row as it was standardised.
-- The loops write one select a table, which stands where a written one would: template blocks don't indent.
-- sqlfluff:indentation:template_blocks_indent:false

with

{% for table in staged_tables() %}
{% set base = ref('base_' ~ table.system ~ '__' ~ table.name) %}
{% if table.state %}
revised_{{ table.name }} as (
    {{ revisions(base, table.key) }}
),

{% endif %}
{{ table.system }}_{{ table.name }} as (
    select
        '{{ table.system }}' as system_name,
        '{{ table.name }}' as table_name,
        {% for column in table.key %}
        coalesce(cast(base.{{ column }} as string), ''){{ " || '|' ||" if not loop.last else ' as record_key,' }}
        {% endfor %}
        coalesce(base.quarantine_reason, 'superseded_version') as quarantine_reason,
        base.dt,
        base.loaded_at,
        {{ row_as_text('base') }} as record
    from {{ base }} as base
    {% if table.state %}
    left join revised_{{ table.name }} as revised
        on {{ same_key(table.key, 'base', 'revised') }}
    {% endif %}
    where
        {% if table.batched %}
        base.dt <= {{ as_of_date() }}
        and {% endif %}
        {% if table.state %}
        (base.quarantine_reason is not null or base.dt < revised.revised_on)
        {% else %}
        base.quarantine_reason is not null
        {% endif %}
),

{% endfor %}
quarantined_rows as (
    {% for table in staged_tables() %}
    select * from {{ table.system }}_{{ table.name }}
    {{ 'union all' if not loop.last }}
    {% endfor %}
)

select * from quarantined_rows
