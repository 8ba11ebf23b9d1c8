{# Keys that more than one valid row claims, in the new batches or in those held from before (then is_held = 1). They are
   few, so only their rows are ranked. Held rows are looked up by the business dates that the new batches touch. #}
{% macro contested_keys(relation, key) -%}
    select
        {{ key | join(', ') }},
        max(is_held) as is_held
    from (
        select
            {{ key | join(', ') }},
            0 as is_held
        from {{ relation }}
        where fault is null
        {%- if is_incremental() %}
        union all
        select
            {{ key | join(', ') }},
            1 as is_held
        from {{ this }}
        where quarantine_reason is null
            -- The first date alone is what lets the engine skip the blocks of older dates.
            and {{ key | last }} >= (select min({{ key | last }}) from {{ relation }} where fault is null)
            and {{ key | last }} in (select {{ key | last }} from {{ relation }} where fault is null)
        {%- endif %}
    ) as claims
    group by {{ key | join(', ') }}
    having count(*) > 1
{%- endmacro %}

{# Equality of all the columns of a key between two relations. #}
{% macro same_key(key, left, right) -%}
    {%- for column in key %}{{ left }}.{{ column }} = {{ right }}.{{ column }}{{ ' and ' if not loop.last }}{% endfor -%}
{%- endmacro %}

{# Rows whose key nobody else claims: each stands, unless it has a fault. state: of a table of kind state. #}
{% macro uncontested_rows(relation, contested, key, state=false) -%}
    select
        {{ relation }}.*,
        fault as quarantine_reason
        {%- if state %},
        false as revises_earlier
        {%- endif %}
    from {{ relation }}
    where not exists (select 1 from {{ contested }} where {{ same_key(key, contested, relation) }})
{%- endmacro %}

{# Judges the contested rows of a table of kind event: of the valid rows of a key the first delivery stands (DECISIONS 16; dt, then
   loaded_at, then the text of the row as a tie-break), whether it came in this run or before; the others are a duplicate_delivery.

   relation: rows with their own `fault` (null = valid). contested: what contested_keys made of it. key: columns of the key, the
   business date last. #}
{% macro first_delivery_wins(relation, contested, key) -%}
    select
        {{ relation }}.*,
        case
            when fault is not null then fault
            when {{ contested }}.is_held = 1 then 'duplicate_delivery'
            when row_number() over (
                partition by {{ relation }}.{{ key | join(', ' ~ relation ~ '.') }}, (fault is null)
                order by dt, loaded_at, {{ row_as_text(relation) }}
            ) > 1 then 'duplicate_delivery'
        end as quarantine_reason
    from {{ relation }}
    inner join {{ contested }} on {{ same_key(key, contested, relation) }}
{%- endmacro %}
