-- No customer has a value that the dictionary does not list, for any tag with listed values. A failing row names the
-- tag, the values and how many customers: mend the rule, or list the value (values, values_from) in the tag's entry.
-- Reads tag_quality, not the customers.
select
    tag_code,
    out_of_dictionary_values,
    out_of_dictionary_customers
from {{ ref('tag_quality') }}
where
    as_of_date = {{ as_of_date() }}
    and out_of_dictionary_customers > 0
