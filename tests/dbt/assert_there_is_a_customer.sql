{{ printed_rows() }}

-- A build without a customer says nothing about anybody: it fails, and says what became of the rows delivered.
select
    'no customer is known as of ' || as_of_date as problem,
    source_rows || ' rows of core.customers delivered, ' || quarantined_rows || ' of them in quarantine' as found,
    case
        when source_rows = 0 then 'banktags load FOLDER --date DATE with core__customers.csv in the folder'
        else
            'banktags query --work "select quarantine_reason, count(*) from staging.quarantined_rows'
            || ' where table_name = ''customers'' group by all", then load the customers again'
    end as remedy
from {{ ref('staging_quality') }}
where
    system_name = 'core'
    and table_name = 'customers'
    and staged_rows = 0
