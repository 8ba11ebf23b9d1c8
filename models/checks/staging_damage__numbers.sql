-- Postings of the last batch whose number stands on another day of the last ones too: many, where the bank's numbers
-- start anew each day; that of a late posting, where it came again with its date and its content corrected, and counts
-- twice.
-- The loops write one select a table, which stands where a written one would: template blocks don't indent.
-- sqlfluff:indentation:template_blocks_indent:false

{% set numbered = [
    {'system': 'core', 'name': 'transactions', 'number': 'transaction_id', 'batched': true},
    {'system': 'card', 'name': 'card_transactions', 'number': 'card_transaction_id', 'batched': true},
] %}

with

{% for table in numbered %}
-- What stands, and what is set aside for a fault of its own.
{{ table.name }}_judged as (
    {{ rows_judged(table) }}
),

-- Each posting that stands, with its number.
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
-- The numbers of the last batch that an earlier one has on another day.
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

-- Of how many numbers they may be a share.
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

staging_damage__numbers as (
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
)

select * from staging_damage__numbers
