{{ config(severity='warn') }}
{{ printed_rows(columns=['problem', 'remedy']) }}

-- Reversals delivered in the last 31 days that reverse nothing that can be told: they count as postings of the bank.
select
    reversals.reversal_transaction_id,
    reversals.reversal_date,
    case reversals.outcome
        when 'nothing_of_that_number'
            then 'no posting of its account and amount, in the other direction, has the number that it names'
        when 'several_candidates' then 'postings that differ could be meant'
        else 'no posting of its account and amount could be meant'
    end as problem,
    'deliver in reverses_transaction_id the number of the posting that it reverses' as remedy
from {{ ref('int_transactions__reversals') }} as reversals
where
    reversals.outcome in ('nothing_of_that_number', 'several_candidates', 'no_candidate')
    and {{ in_last_days('reversals.reversal_date', 31) }}
