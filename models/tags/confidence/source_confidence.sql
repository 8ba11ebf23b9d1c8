-- Which sources are too old to be trusted fully on the run's date, and how far they are trusted (DECISIONS 40).
--
-- Sparse: what is fresh has no row. A table whose last delivery is old has one row; a customer whose own record is
-- old has one for each column of it that ages. Reads the control table, the customers' records in core and CRM, and
-- three columns of fact tags; no event-size table.

with

policy as (
    select
        system_name,
        system_name || '.' || table_name as source_table,
        column_name as source_column,
        basis,
        fresh_days,
        stale_days,
        confidence_floor
    from {{ ref('source_freshness_policy') }}
),

deliveries as (
    select
        system_name,
        system_name || '.' || table_name as source_table,
        max(business_date) as last_date
    from {{ ref('stg_core__batches') }}
    where business_date <= {{ as_of_date() }}
    group by system_name, table_name
),

-- When each table was last known to be complete. Of a table that delivers changes only, that is when its system last
-- delivered.
last_deliveries as (
    select
        policy.source_table,
        max(deliveries.last_date) as last_date
    from policy
    left join deliveries
        on
            policy.source_table = deliveries.source_table
            or (policy.basis = 'system' and policy.system_name = deliveries.system_name)
    where policy.basis in ('delivery', 'system')
    group by policy.source_table
),

attributes as (
    select distinct source_column
    from policy
    where basis = 'record' and source_table in ('core.customers', 'crm.contacts')
),

-- Which record each attribute of a person comes from: the first that knows it. An older one that was not asked does
-- not count.
attribute_records as (
    select
        records.customer_id,
        records.source_table,
        attributes.source_column,
        records.dt as last_date,
        row_number() over (
            partition by records.customer_id, attributes.source_column
            order by records.rank asc
        ) as record_rank
    from {{ ref('int_customer__profile_records') }} as records
    inner join attributes
        on
            case attributes.source_column
                when 'city_code' then records.city_code is not null
                when 'occupation_code' then records.occupation_code is not null
                when 'education_code' then records.education_code is not null
                when 'marital_status_code' then records.marital_status_code is not null
                when 'annual_income' then records.annual_income is not null
                when 'owns_home' then records.owns_home is not null
                when 'owns_car' then records.owns_car is not null
                when 'has_wecom_contact' then records.has_wecom_contact is not null
            end
),

-- The age of each record; of assessments, reports and answers the fact tags know it, for all ageing columns of the
-- table alike.
record_ages as (
    select
        customer_id,
        source_table,
        source_column,
        {{ days_since('last_date') }} as age_days
    from attribute_records
    where record_rank = 1

    union all

    select
        customer_id,
        'crm.risk_assessments' as source_table,
        cast(null as {{ dbt.type_string() }}) as source_column,
        {{ days_since('risk_assessed_date') }} as age_days
    from {{ ref('fact_tags__suitability') }}
    where risk_assessed_date is not null

    union all

    select
        customer_id,
        'bureau.credit_reports' as source_table,
        cast(null as {{ dbt.type_string() }}) as source_column,
        bureau_report_age_days as age_days
    from {{ ref('fact_tags__credit') }}
    where bureau_report_age_days is not null

    union all

    select
        customer_id,
        'crm.nps_responses' as source_table,
        cast(null as {{ dbt.type_string() }}) as source_column,
        nps_recency_days as age_days
    from {{ ref('fact_tags__service') }}
    where nps_recency_days is not null
),

-- A table that was never delivered has no age and the confidence of what is stale.
aged as (
    select
        cast(null as {{ dbt.type_string() }}) as customer_id,
        policy.source_table,
        policy.source_column,
        {{ days_since('last_deliveries.last_date') }} as age_days,
        policy.fresh_days,
        policy.stale_days,
        policy.confidence_floor
    from policy
    inner join last_deliveries on policy.source_table = last_deliveries.source_table
    where policy.basis in ('delivery', 'system')

    union all

    select
        record_ages.customer_id,
        policy.source_table,
        policy.source_column,
        record_ages.age_days,
        policy.fresh_days,
        policy.stale_days,
        policy.confidence_floor
    from record_ages
    inner join policy
        on
            record_ages.source_table = policy.source_table
            and coalesce(record_ages.source_column, policy.source_column) = policy.source_column
    where policy.basis = 'record'
),

-- 1 up to fresh_days, then evenly down to the floor at stale_days.
source_confidence as (
    select
        customer_id,
        source_table,
        source_column,
        {{ as_of_date() }} as as_of_date,
        cast(age_days as int) as age_days,
        cast(
            case
                when age_days is null or age_days >= stale_days then confidence_floor
                else 1 - (1 - confidence_floor) * (age_days - fresh_days) / cast(stale_days - fresh_days as double)
            end as decimal(5, 4)
        ) as confidence
    from aged
    where age_days is null or age_days > fresh_days
)

select * from source_confidence
