-- How far each customer's value of a tag is trusted, where that is not fully: as far as the least trusted source that
-- it is made of.
--
-- A tag's inputs are followed down to the sources (tag_rule_inputs), so the least of the sources is the least of the
-- inputs, for a fact, a rule over facts and a derived tag over rules alike. Sparse: what is fully trusted has no row.
-- A source that is old as a whole gives one row a tag, with customer_id null, instead of one a customer.

with

-- The row of the freshness policy that each input of a tag comes under: its column's own, else its table's.
inputs as (
    select distinct
        rule_inputs.tag_code,
        rule_inputs.source_table,
        own.column_name as source_column
    from (
        select
            tag_code,
            {{ dbt.split_part('input_name', "'.'", 1) }} as system_name,
            {{ dbt.split_part('input_name', "'.'", 2) }} as table_name,
            {{ dbt.split_part('input_name', "'.'", 1) }} || '.' || {{ dbt.split_part('input_name', "'.'", 2) }}
                as source_table,
            {{ dbt.split_part('input_name', "'.'", 3) }} as column_name
        from {{ ref('tag_rule_inputs') }}
        where input_kind = 'source'
    ) as rule_inputs
    left join {{ ref('source_freshness_policy') }} as own
        on
            rule_inputs.system_name = own.system_name
            and rule_inputs.table_name = own.table_name
            and rule_inputs.column_name = own.column_name
),

-- What lowers the trust in a tag: a source that is old, and a window of which the sources cover a part only.
reasons as (
    select
        sources.customer_id,
        inputs.tag_code,
        sources.confidence,
        sources.source_table || coalesce('.' || sources.source_column, '') as source_name,
        sources.as_of_date
    from {{ ref('source_confidence') }} as sources
    inner join inputs
        on
            sources.source_table = inputs.source_table
            and coalesce(sources.source_column, '') = coalesce(inputs.source_column, '')

    union all

    select
        cast(null as {{ dbt.type_string() }}) as customer_id,
        tag_code,
        covered_share as confidence,
        'covered_share' as source_name,
        as_of_date
    from {{ ref('tag_coverage') }}
    where coverage = 'part'
),

-- The least trusted source of each tag: of all customers (null) and of the customers whose own records are old. Of
-- two equally trusted ones the first by name.
least_trusted as (
    select
        customer_id,
        tag_code,
        min(confidence) as confidence,
        min_by(source_name, cast(confidence as {{ dbt.type_string() }}) || source_name) as least_fresh_source,
        min(as_of_date) as as_of_date
    from reasons
    group by customer_id, tag_code
),

of_all_customers as (
    select
        tag_code,
        confidence
    from least_trusted
    where customer_id is null
),

-- A customer has a row of their own only where it is below that of all customers.
tag_confidence as (
    select
        least_trusted.customer_id,
        least_trusted.tag_code,
        least_trusted.confidence,
        least_trusted.least_fresh_source,
        least_trusted.as_of_date
    from least_trusted
    left join of_all_customers on least_trusted.tag_code = of_all_customers.tag_code
    where
        least_trusted.customer_id is null
        or least_trusted.confidence < coalesce(of_all_customers.confidence, 1)
)

select * from tag_confidence
