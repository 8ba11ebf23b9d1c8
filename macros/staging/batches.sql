{# Rows of the batches that an incremental staging table does not hold yet, of those known as of the run's date by their dt and not by
   the clock of the loading (DECISIONS 15), with the fingerprint of their batch and what stands for no value. dictionaries: seeds that
   the model judges codes by, as {code column: seed}. #}
{% macro new_batches(source_relation, dictionaries={}) -%}
    {#- The batches are a row a date: with the hint, Spark moves no rows to meet them. DuckDB reads it as a comment. #}
    select /*+ broadcast(batches), broadcast(sentinels) */
        source.*,
        batches.fingerprint as batch_fingerprint,
        sentinels.no_dates,
        sentinels.no_texts,
        sentinels.longest_no_text,
        sentinels.oldest_age_years
    from {{ source_relation }} as source
    inner join ({{ delivered_batches(source_relation, judged_by(dictionaries)) }}) as batches on source.dt = batches.dt
    cross join ({{ unknown_sentinels() }}) as sentinels
    where source.dt <= {{ as_of_date() }}
        {%- if is_incremental() %}
        -- What is held is complete up to its newest batch: forget_changed_batches saw to that.
        and source.dt > (select coalesce(max(dt), cast('0001-01-01' as date)) from {{ this }})
        {%- endif %}
{%- endmacro %}

{# All batches of a table that is staged as a view, with what stands for no value. #}
{% macro all_batches(source_relation) -%}
    select
        source.*,
        sentinels.no_dates,
        sentinels.no_texts,
        sentinels.longest_no_text,
        sentinels.oldest_age_years
    from {{ source_relation }} as source
    cross join ({{ unknown_sentinels() }}) as sentinels
    where source.dt <= {{ as_of_date() }}
{%- endmacro %}

{# The seeds that a table is judged by: its dictionaries, the bank's own codes, and what stands for no value in any table. #}
{% macro judged_by(dictionaries) -%}
    {{ return(dict(dictionaries, **{
        "dictionary || '=' || bank_code || '=' || code": ref('code_mappings'),
        'value': ref('unknown_sentinels'),
    })) }}
{%- endmacro %}

{# The first batch, of those known as of the run's date, that an incremental staging table does not hold as it was delivered:
   missing, changed, withdrawn, or cleaned with another key or dictionary. What is newer than all that is held has not changed
   but come: null in a daily run. #}
{% macro first_changed_batch(source_relation, dictionaries) -%}
    select min(coalesce(delivered.dt, held.dt))
    from (
        select * from ({{ delivered_batches(source_relation, judged_by(dictionaries)) }}) as batches where dt <= {{ as_of_date() }}
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
    where
        (delivered.dt is null or held.dt is null)
        and coalesce(delivered.dt, held.dt) <= (select max(dt) from {{ this }})
{%- endmacro %}

{# Pre-hook of an incremental staging table of kind event or state, in the same transaction as its insert: forgets all from the
   first changed batch on, so that it is cleaned again in the order of delivery. Batches after the run's date stay: a replay of
   the past changes nothing. #}
{% macro forget_changed_batches(source_relation, dictionaries={}) -%}
    {%- if is_incremental() -%}
    {{ forget_rows('dt', 'dt >= (' ~ first_changed_batch(source_relation, dictionaries) ~ ')') }}
    {%- endif -%}
{%- endmacro %}

{# Pre-hook of an incremental staging table of kind version, in the same transaction as its insert. What a later batch delivers
   changes how the earlier versions of its keys are judged. So when a batch has changed, or one after the run's date is held,
   forgets the whole table, and the run cleans all of it. In a daily run there is nothing to forget. #}
{% macro forget_outdated_versions(source_relation, dictionaries={}) -%}
    {%- if is_incremental() -%}
    {%- set outdated -%}
        least(({{ first_changed_batch(source_relation, dictionaries) }}), (select min(dt) from {{ this }} where dt > {{ as_of_date() }}))
    {%- endset -%}
    {{ forget_table(outdated ~ ' is not null') }}
    {%- endif -%}
{%- endmacro %}
