-- Answers to the question whether they would recommend the bank, up to the business date, with the golden customer who
-- gave them; a view. The newest answer of each customer is number one; of two of one day, that with the higher key.

{{ config(materialized='view') }}

with

nps_responses as (
    select
        responses.response_id,
        identities.customer_id,
        responses.responded_date,
        responses.score,
        row_number() over (
            partition by identities.customer_id
            order by responses.responded_date desc, responses.response_id desc
        ) as recency_rank
    from {{ ref('stg_crm__nps_responses') }} as responses
    inner join {{ ref('int_customer__identity') }} as identities
        on
            responses.contact_id = identities.source_key
            and identities.source_system = 'crm'
    where responses.responded_date <= {{ as_of_date() }}
)

select * from nps_responses
