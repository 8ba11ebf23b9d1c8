-- What the wide mart holds of each tag on the run's date, all tags in one pass.
--
-- The only model of the tag quality that reads customers, and the only one whose SQL is written from the project's
-- list of tags: a new tag adds a column to this pass and no query. What it counts is judged in tag_quality.

with

tag_scan as (
    {{ scan_tags(ref('customer_tags'), tags_to_scan()) }}
)

select
    tag_code,
    {{ as_of_date() }} as as_of_date,
    data_type,
    bin_kind,
    customers,
    known_customers,
    distinct_values,
    lowest_value,
    highest_value,
    values_digest,
    bin_counts
from tag_scan
