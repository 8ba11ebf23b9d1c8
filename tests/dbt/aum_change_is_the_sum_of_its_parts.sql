{{ printed_rows(columns=['problem', 'remedy']) }}

-- What moved in the components is all that moved, and it is the fact tag's change, for every customer.
select
    changes.customer_id,
    changes.aum_change,
    facts.aum_change_1d,
    'the changes of the components are not the change of the AUM' as problem,
    'build both of one date: dbt build -s fact_tags__aum customer_aum_daily_change' as remedy
from {{ ref('customer_aum_daily_change') }} as changes
inner join {{ ref('fact_tags__aum') }} as facts
    on changes.customer_id = facts.customer_id
where
    changes.aum_change is distinct from facts.aum_change_1d
    or changes.aum is distinct from facts.aum_spot
    or changes.aum_change is distinct from changes.aum - changes.aum_1d_ago
    or changes.aum_change is distinct from (
        changes.deposit_change + changes.wealth_change + changes.fund_change + changes.insurance_change
        + changes.metal_change + changes.trust_change + changes.structured_change + changes.custody_change
    )
