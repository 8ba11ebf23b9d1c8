{{ printed_rows() }}

-- No customer has a value that the dictionary does not list, for any tag with listed values. Reads tag_quality, not the
-- customers.
select
    tag_code,
    'customers with a value outside the dictionary' as problem,
    out_of_dictionary_customers as customers,
    out_of_dictionary_values as found_values,
    'mend the rule, or list the value (values) in the entry of the tag' as remedy
from {{ ref('tag_quality') }}
where
    as_of_date = {{ as_of_date() }}
    and out_of_dictionary_customers > 0
