{# What a customer prefers, as weighted shares of what is seen of them (seed preference_weights). #}

{# The fact tags that a weight may name, by the alias of their model below: counts, amounts and holdings. A ratio is none, for shares
   of shares add up to nothing. A weight that names another tag fails test assert_every_weight_is_measured. #}
{% macro weighable_tags() -%}
    {{ return({
        'transactions': ['digital_transaction_count_90d', 'counter_transaction_count_90d', 'atm_transaction_count_90d'],
        'products': [
            'has_wealth_product', 'has_fund', 'has_insurance', 'has_precious_metal', 'has_trust', 'has_structured_deposit',
            'has_time_deposit', 'has_custody_securities', 'has_loan', 'is_credit_card_holder', 'wealth_purchase_count_90d',
            'fund_purchase_count_90d',
        ],
        'aum': [
            'aum_wealth_spot', 'aum_fund_spot', 'aum_insurance_spot', 'aum_metal_spot', 'aum_trust_spot', 'aum_structured_spot',
        ],
        'digital': [
            'loan_application_started_count_90d', 'card_application_started_count_90d', 'wealth_page_view_count_30d',
            'fund_page_view_count_30d', 'insurance_page_view_count_30d', 'loan_page_view_count_30d', 'card_page_view_count_30d',
        ],
        'consumption': [
            'travel_spending_amount_90d', 'dining_spending_amount_90d', 'fitness_spending_amount_90d',
            'cinema_spending_amount_90d', 'karaoke_spending_amount_90d', 'beauty_spending_amount_90d',
            'child_spending_amount_90d', 'education_spending_amount_90d', 'luxury_spending_amount_90d',
            'car_spending_amount_90d', 'grocery_spending_amount_90d', 'health_spending_amount_90d',
        ],
    }) }}
{%- endmacro %}

{# CTEs of a model, the last of them `shares`: one row a customer of today, preference and item of which every measure is known, with
   its share of all items and its place among them. The tie rule: the higher share first, of equals the lower tie_order. #}
{% macro preference_shares() -%}
-- One row a customer and weight: the value of the fact tag that the weight names. A holding counts as 1 or 0.
measures as (
    select
        demographics.customer_id,
        weights.preference,
        weights.signal,
        weights.item,
        weights.weight,
        weights.tie_order,
        case weights.tag_code
            {%- for alias, tags in weighable_tags().items() %}
            {%- for tag in tags %}
            when '{{ tag }}' then cast({{ alias }}.{{ tag }} as decimal(28, 2))
            {%- endfor %}
            {%- endfor %}
        end as measure
    from {{ ref('fact_tags__demographics') }} as demographics
    left join {{ ref('fact_tags__transactions') }} as transactions
        on demographics.customer_id = transactions.customer_id
    left join {{ ref('fact_tags__products') }} as products
        on demographics.customer_id = products.customer_id
    left join {{ ref('fact_tags__aum') }} as aum
        on demographics.customer_id = aum.customer_id
    left join {{ ref('fact_tags__digital') }} as digital
        on demographics.customer_id = digital.customer_id
    left join {{ ref('fact_tags__consumption') }} as consumption
        on demographics.customer_id = consumption.customer_id
    cross join {{ ref('preference_weights') }} as weights
    where
        demographics.relationship_status = 'active'
        and {{ in_force('weights', by_currency=false) }}
),

-- The preferences of which every measure is known: what is unknown might be preferred to all that is seen.
known_preferences as (
    select
        customer_id,
        preference
    from measures
    group by customer_id, preference
    having count(*) = count(measure)
),

-- An item's share of its signal. Net spending below zero, more refunds than purchases, speaks for nothing. Decimals,
-- whose sums are the same in any order of the rows: at a tie the last digit of a share would follow that of doubles.
signal_shares as (
    select
        customer_id,
        preference,
        item,
        tie_order,
        cast(
            weight * cast(measure as double)
            / cast(sum(measure) over (partition by customer_id, preference, signal) as double)
            as decimal(18, 12)
        ) as weighted_share
    from measures
    where measure > 0
),

scores as (
    select
        customer_id,
        preference,
        item,
        tie_order,
        sum(weighted_share) as score
    from signal_shares
    group by customer_id, preference, item, tie_order
),

-- The weighted shares of a customer's items add up to one, whatever signals speak.
item_shares as (
    select
        customer_id,
        preference,
        item,
        tie_order,
        round(
            cast(score as double) / cast(sum(score) over (partition by customer_id, preference) as double), 6
        ) as item_share
    from scores
),

shares as (
    select
        item_shares.customer_id,
        item_shares.preference,
        item_shares.item,
        item_shares.item_share,
        row_number() over (
            partition by item_shares.customer_id, item_shares.preference
            order by item_shares.item_share desc, item_shares.tie_order asc
        ) as place
    from item_shares
    inner join known_preferences
        on
            item_shares.customer_id = known_preferences.customer_id
            and item_shares.preference = known_preferences.preference
)
{%- endmacro %}
