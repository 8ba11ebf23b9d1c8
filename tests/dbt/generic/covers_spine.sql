{# Proves that a tag model has exactly one row for each customer of the spine and none besides, on the run's date: no customer
   is lost by a join, doubled by one, or invented. A failing row names the customer and what is wrong; printed is how many.

       data_tests:
         - covers_spine
#}
{% test covers_spine(model) %}
    {{- printed_rows(columns=['problem', 'remedy']) }}
    with tag_rows as (
        select
            customer_id,
            count(*) as row_count,
            count(case when as_of_date = {{ as_of_date() }} then 1 end) as dated_count
        from {{ model }}
        group by customer_id
    ),

    compared as (
        select
            coalesce(spine.customer_id, tag_rows.customer_id) as customer_id,
            case
                when spine.customer_id is null then 'is not a customer of the spine'
                when tag_rows.customer_id is null then 'is missing'
                when tag_rows.row_count > 1 then 'stands more than once'
                when tag_rows.dated_count = 0 then 'has another as_of_date than the run'
            end as problem
        from {{ ref('int_customer__spine') }} as spine
        full outer join tag_rows on spine.customer_id = tag_rows.customer_id
    )

    select
        customer_id,
        problem,
        case
            when problem = 'has another as_of_date than the run' then 'build the model on the date of the run'
            else 'let the model begin with the spine and join each input on customer_id, at most one row a customer'
        end as remedy
    from compared
    where problem is not null
{% endtest %}
