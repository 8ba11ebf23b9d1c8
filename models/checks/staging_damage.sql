{{ config(materialized='table') }}

-- What is damaged in the mass and not here and there: one row a finding that passes a threshold of seed
-- staging_damage_thresholds. Of tables that are staged batch by batch the last 31 days are judged, of others all that
-- stands.
-- The loops write one select a table, which stands where a written one would: template blocks don't indent.
-- sqlfluff:indentation:template_blocks_indent:false

{% set days = 31 %}

with

{% for table in staged_tables() %}
{% set columns = optional_columns().get(table.system ~ '.' ~ table.name, {}) %}
-- What stands, and what is set aside for a fault of its own. Repeats and older versions are no damage.
{{ table.name }}_judged as (
    select
        *,
        fault is not null as is_rejected
    from {{ ref('base_' ~ table.system ~ '__' ~ table.name) }}
    where
        (quarantine_reason is null or coalesce(fault, 'duplicate_delivery') <> 'duplicate_delivery')
        {% if table.batched %}
        and dt <= {{ as_of_date() }}
        and dt > {{ days_ago(days) }}
        {% endif %}
),

{{ table.name }}_counted as (
    select
        {% for column, base_column in columns.items() %}
        count(case
            when
                not is_rejected
                and coalesce(position(',{{ column }},' in ',' || unknown_values || ','), 0) = 0
                then {{ base_column }}
        end) as {{ column }}_count,
        {% endfor %}
        '{{ table.name }}' as table_name,
        count(*) as row_count
    from {{ table.name }}_judged
),

{{ table.name }}_rejected as (
    select
        case
            when fault like 'unknown%'
                then
                    fault || ' '
                    || {{ value_shape(json_value(row_as_text(table.name ~ '_judged'), 'substr(fault, 9)')) }}
            else fault
        end as seen
    from {{ table.name }}_judged
    where is_rejected
),

{% if columns %}
{{ table.name }}_told as (
    select {{ unfold(split_texts('unknown_shapes', columns | length)) }} as told
    from {{ table.name }}_judged
    where
        unknown_shapes is not null
        and not is_rejected
),

{% endif %}
{% endfor %}
-- Each value that could not be used, and each row set aside, by what was seen. What stands for no value is no damage.
seen as (
    {% for table in staged_tables() %}
    select
        'quarantined_rows' as check_name,
        '{{ table.system }}' as system_name,
        '{{ table.name }}' as table_name,
        '' as column_name,
        seen,
        count(*) as row_count
    from {{ table.name }}_rejected
    group by seen

    {% if (table.system ~ '.' ~ table.name) in optional_columns() %}
    union all

    select
        'values_set_to_unknown' as check_name,
        '{{ table.system }}' as system_name,
        '{{ table.name }}' as table_name,
        {{ dbt.split_part('told', "'='", 1) }} as column_name,
        {{ dbt.split_part('told', "'='", 2) }} as seen,
        count(*) as row_count
    from {{ table.name }}_told
    where told not like '%=none'
    group by told

    {% endif %}
    {{ 'union all' if not loop.last }}
    {% endfor %}
),

-- Of how many rows, or known values, each may be a share.
judged as (
    {% for table in staged_tables() %}
    select
        'quarantined_rows' as check_name,
        '{{ table.system }}' as system_name,
        table_name,
        '' as column_name,
        row_count
    from {{ table.name }}_counted

    {% for column in optional_columns().get(table.system ~ '.' ~ table.name, {}) %}
    union all

    select
        'values_set_to_unknown' as check_name,
        '{{ table.system }}' as system_name,
        table_name,
        '{{ column }}' as column_name,
        {{ column }}_count as row_count
    from {{ table.name }}_counted

    {% endfor %}
    {{ 'union all' if not loop.last }}
    {% endfor %}
),

ranked as (
    select
        *,
        sum(row_count) over (partition by check_name, system_name, table_name, column_name) as damaged_rows,
        row_number() over (
            partition by check_name, system_name, table_name, column_name
            order by row_count desc, seen asc
        ) as place
    from seen
),

-- The three commonest of each.
commonest as (
    select
        check_name,
        system_name,
        table_name,
        column_name,
        max(damaged_rows) as damaged_rows,
        {{ dbt.listagg("seen || ' (' || row_count || ')'", "', '", 'order by place') }} as seen
    from ranked
    where place <= 3
    group by check_name, system_name, table_name, column_name
),

shares as (
    select
        commonest.check_name,
        commonest.system_name,
        commonest.table_name,
        commonest.column_name,
        commonest.damaged_rows,
        case
            when commonest.check_name = 'quarantined_rows' then judged.row_count
            else judged.row_count + commonest.damaged_rows
        end as judged_rows,
        commonest.seen
    from commonest
    inner join judged
        on
            commonest.check_name = judged.check_name
            and commonest.system_name = judged.system_name
            and commonest.table_name = judged.table_name
            and commonest.column_name = judged.column_name
),

-- Rows of each batch of the last days, and of the tables that a threshold for their fall names.
batches as (
    {% for table in staged_tables() if table.batched %}
    select
        '{{ table.system }}' as system_name,
        '{{ table.name }}' as table_name,
        dt,
        count(*) as row_count
    from {{ ref('base_' ~ table.system ~ '__' ~ table.name) }}
    where
        dt <= {{ as_of_date() }}
        and dt > {{ days_ago(days) }}
    group by dt
    {{ 'union all' if not loop.last }}
    {% endfor %}
),

last_batches as (
    select
        system_name,
        table_name,
        max(dt) as dt
    from batches
    group by system_name, table_name
),

-- A usual batch is the median of those before the last; fewer than five say nothing of what is usual.
usual_batches as (
    select
        batches.system_name,
        batches.table_name,
        cast(median(batches.row_count) as bigint) as row_count
    from batches
    inner join last_batches
        on
            batches.system_name = last_batches.system_name
            and batches.table_name = last_batches.table_name
            and batches.dt < last_batches.dt
    group by batches.system_name, batches.table_name
    having count(*) >= 5
),

falls as (
    select
        'fall_against_batches_before' as check_name,
        batches.system_name,
        batches.table_name,
        '' as column_name,
        usual_batches.row_count - batches.row_count as damaged_rows,
        usual_batches.row_count as judged_rows,
        batches.row_count || ' rows in the batch of ' || batches.dt || ', usually ' || usual_batches.row_count as seen
    from batches
    inner join last_batches
        on
            batches.system_name = last_batches.system_name
            and batches.table_name = last_batches.table_name
            and batches.dt = last_batches.dt
    inner join usual_batches
        on
            batches.system_name = usual_batches.system_name
            and batches.table_name = usual_batches.table_name
    where usual_batches.row_count > batches.row_count
),

-- Numbers of the last batch that stand on another day of the last ones too: many, where the bank's numbers start anew
-- each day; that of a late posting, where it came again with its date and its content corrected, and counts twice.
{% set numbered = [
    {'system': 'core', 'name': 'transactions', 'number': 'transaction_id'},
    {'system': 'card', 'name': 'card_transactions', 'number': 'card_transaction_id'},
] %}
{% for table in numbered %}
{{ table.name }}_numbers as (
    select
        {{ table.number }} as number,
        transaction_date,
        transaction_date < dt as is_late,
        dt = max(dt) over () as is_last_batch
    from {{ table.name }}_judged
    where not is_rejected
),

{% endfor %}
numbers_again as (
    {% for table in numbered %}
    select
        '{{ table.system }}' as system_name,
        '{{ table.name }}' as table_name,
        last_batch.number,
        max(case when last_batch.is_late then last_batch.number end) as late_number
    from {{ table.name }}_numbers as last_batch
    inner join {{ table.name }}_numbers as earlier
        on
            last_batch.number = earlier.number
            and last_batch.transaction_date <> earlier.transaction_date
    where
        last_batch.is_last_batch
        and not earlier.is_last_batch
    group by last_batch.number
    {{ 'union all' if not loop.last }}
    {% endfor %}
),

numbers_of_last_batches as (
    {% for table in numbered %}
    select
        '{{ table.system }}' as system_name,
        '{{ table.name }}' as table_name,
        count(distinct number) as number_count
    from {{ table.name }}_numbers
    where is_last_batch
    {{ 'union all' if not loop.last }}
    {% endfor %}
),

reused as (
    {% for check_name, number in [('numbers_used_again', 'number'), ('late_numbers_used_again', 'late_number')] %}
    select
        '{{ check_name }}' as check_name,
        numbers_again.system_name,
        numbers_again.table_name,
        '' as column_name,
        count(numbers_again.{{ number }}) as damaged_rows,
        max(numbers_of_last_batches.number_count) as judged_rows,
        count(numbers_again.{{ number }}) || ' of ' || max(numbers_of_last_batches.number_count)
        || ' numbers, the first ' || min(numbers_again.{{ number }}) as seen
    from numbers_again
    inner join numbers_of_last_batches
        on
            numbers_again.system_name = numbers_of_last_batches.system_name
            and numbers_again.table_name = numbers_of_last_batches.table_name
    group by numbers_again.system_name, numbers_again.table_name
    {{ 'union all' if not loop.last }}
    {% endfor %}
),

findings as (
    select * from shares
    union all
    select * from falls
    union all
    select * from reused
),

-- The most exact threshold of each finding.
thresholds as (
    select
        findings.*,
        thresholds.warn_share,
        thresholds.fail_share,
        thresholds.smallest_rows,
        row_number() over (
            partition by findings.check_name, findings.system_name, findings.table_name, findings.column_name
            order by
                case when thresholds.column_name is not null then 0 else 1 end,
                case when thresholds.table_name is not null then 0 else 1 end,
                case when thresholds.system_name is not null then 0 else 1 end
        ) as place
    from findings
    inner join {{ ref('staging_damage_thresholds') }} as thresholds
        on
            findings.check_name = thresholds.check_name
            and coalesce(thresholds.system_name, findings.system_name) = findings.system_name
            and coalesce(thresholds.table_name, findings.table_name) = findings.table_name
            and coalesce(thresholds.column_name, findings.column_name) = findings.column_name
),

graded as (
    select
        *,
        cast(damaged_rows as double) / judged_rows as damaged_share,
        case
            when cast(damaged_rows as double) / judged_rows >= fail_share then 'fail'
            when cast(damaged_rows as double) / judged_rows >= warn_share then 'warn'
        end as severity
    from thresholds
    where
        place = 1
        and damaged_rows >= smallest_rows
),

staging_damage as (
    select
        check_name,
        system_name,
        table_name,
        nullif(column_name, '') as column_name,
        {{ as_of_date() }} as as_of_date,
        cast(damaged_rows as bigint) as damaged_rows,
        cast(judged_rows as bigint) as judged_rows,
        damaged_share,
        severity,
        seen,
        case check_name
            when 'values_set_to_unknown'
                then
                    cast(round(100 * damaged_share, 1) as decimal(4, 1)) || '% of the values of column ' || column_name
                    || ' are unknown: no such code or value. Seen as shapes: ' || seen
            when 'quarantined_rows'
                then cast(round(100 * damaged_share, 1) as decimal(4, 1)) || '% of the rows are in quarantine: ' || seen
            when 'fall_against_batches_before'
                then cast(round(100 * damaged_share, 1) as decimal(4, 1)) || '% fewer rows than usual: ' || seen
            else seen || ', stand on another day of the last {{ days }} too, and count as postings of their own'
        end as finding,
        case check_name
            when 'values_set_to_unknown'
                then
                    'add the codes to the dictionary of the column (seeds/dictionaries), or map them in the mapping of'
                    || ' the table; where it is the truth, a row of seed staging_damage_thresholds'
            when 'quarantined_rows'
                then
                    'look at them: banktags query "select * from '
                    || 'staging.quarantined_rows where table_name = ''' || table_name || '''"'
            when 'fall_against_batches_before'
                then
                    'deliver the batch again if it is not complete; where it is the truth, a row of seed'
                    || ' staging_damage_thresholds'
            else
                'compare the postings of the number; where the numbers of the bank start anew each day, an empty'
                || ' warn_share in a row of seed staging_damage_thresholds for this table'
        end as remedy
    from graded
    where severity is not null
)

select * from staging_damage
