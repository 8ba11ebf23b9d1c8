{{ printed_rows(columns=['scoring_method', 'rfm_class', 'in_mart', 'in_segment', 'problem', 'remedy']) }}

-- The cells of each method add up to the customers whom RFM applies to, and those of a class by the deciding method to
-- the customers who have it.
with

eligible as (
    select count(*) as customers
    from {{ ref('segment__rfm_measures') }}
    where rfm_eligibility = 'eligible'
),

mart_methods as (
    select
        scoring_method,
        sum(customers) as customers
    from {{ ref('rfm_class_by_tier') }}
    group by scoring_method
),

mart_classes as (
    select
        rfm_class,
        sum(customers) as customers
    from {{ ref('rfm_class_by_tier') }}
    where is_deciding
    group by rfm_class
),

classes as (
    select
        rfm_class,
        count(*) as customers
    from {{ ref('segment__rfm') }}
    where rfm_class <> 'not_applicable'
    group by rfm_class
)

select
    mart_methods.scoring_method,
    null as rfm_class,
    mart_methods.customers as in_mart,
    eligible.customers as in_segment,
    'the cells of a method are not all eligible customers' as problem,
    'build both of one date: dbt build -s segment__rfm_measures+' as remedy
from mart_methods
cross join eligible
where mart_methods.customers <> eligible.customers

union all

select
    null as scoring_method,
    classes.rfm_class,
    mart_classes.customers as in_mart,
    classes.customers as in_segment,
    'the cells of a class are not all customers of it' as problem,
    'build both of one date: dbt build -s segment__rfm_measures+' as remedy
from classes
left join mart_classes
    on classes.rfm_class = mart_classes.rfm_class
where coalesce(mart_classes.customers, 0) <> classes.customers
