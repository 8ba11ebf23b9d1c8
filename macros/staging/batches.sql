{# Rows of the batches that an incremental staging table does not hold yet, of those known as of the run's date, with the
   fingerprint of their batch. dictionaries: seeds that the model judges codes by, as {code column: seed}. #}
{% macro new_batches(source_relation, dictionaries={}) -%}
    select
        source.*,
        batches.fingerprint as batch_fingerprint
    from {{ source_relation }} as source
    inner join ({{ delivered_batches(source_relation, dictionaries) }}) as batches on source.dt = batches.dt
    where source.dt <= {{ as_of_date() }}
        {%- if is_incremental() %}
        -- What is held is complete up to its newest batch: forget_changed_batches saw to that.
        and source.dt > (select coalesce(max(dt), cast('0001-01-01' as date)) from {{ this }})
        {%- endif %}
{%- endmacro %}

{# Pre-hook of an incremental staging table, in the same transaction as its insert: from the first batch on that is not held
   as it was delivered (missing, changed or withdrawn), forget all, so that it is cleaned again in the order of delivery; and
   all from the start when the key of the hashes or a dictionary has changed. In a daily run there is nothing to forget.
   Batches after the run's date stay: a replay of the past changes nothing. #}
{% macro forget_changed_batches(source_relation, dictionaries={}) -%}
    {%- if is_incremental() -%}
    {%- set first_changed -%}
        select min(coalesce(delivered.dt, held.dt))
        from (
            select * from ({{ delivered_batches(source_relation, dictionaries) }}) as batches where dt <= {{ as_of_date() }}
        ) as delivered
        full join (
            select
                dt,
                batch_fingerprint,
                count(*) as row_count
            from {{ this }}
            where dt <= {{ as_of_date() }}
            group by dt, batch_fingerprint
        ) as held
            on delivered.dt = held.dt
            and delivered.row_count = held.row_count
            and delivered.fingerprint = held.batch_fingerprint
        where delivered.dt is null or held.dt is null
    {%- endset -%}
    {{ forget_rows('dt', 'dt >= (' ~ first_changed ~ ')') }}
    {%- endif -%}
{%- endmacro %}
