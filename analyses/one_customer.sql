-- The customer of the documents: a man of 35 in 北京 who holds our credit card and made 12 transfers in 30 days.
select
    gender,
    age_years,
    city,
    is_credit_card_holder,
    transfer_count_30d,
    aum_tier,
    rfm_class
from {{ ref('customer_tags') }}
where customer_id = 'DEMO-BEIJING-35'
