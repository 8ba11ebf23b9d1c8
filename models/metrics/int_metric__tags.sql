-- How many tags of each data dimension are known of a customer, and how many of the values that the dictionary speaks
-- about are as it says. Written from the project's list of tags; reads each row of the wide mart once. A table, because
-- its text is longer than a catalogue of Spark takes for a view.

with

int_metric__tags as (
    select
        customer_id,
        {{ known_tags() }},
        {{ valid_tags() }}
    from {{ ref('customer_tags') }}
)

select * from int_metric__tags
