{{ printed_rows() }}

-- No customer's value of a tag is trusted more than the tags that it is made of: confidence carries through rules and
-- derived tags. A tag that rests on what was never delivered has none. A failing row names the tag, the input, and how
-- many customers.
with

confidence as (
    select * from {{ ref('tag_confidence') }}
),

of_all_customers as (
    select
        tag_code,
        confidence
    from confidence
    where customer_id is null
)

select
    rule_inputs.tag_code,
    rule_inputs.input_name as input_tag,
    count(*) as customers,
    'more confident of the tag than of its input' as problem,
    'run banktags catalogue sync, which records what each tag reads, then dbt build -s tag_confidence' as remedy
from {{ ref('tag_rule_inputs') }} as rule_inputs
inner join confidence as inputs
    on rule_inputs.input_name = inputs.tag_code
left join confidence as own
    on
        rule_inputs.tag_code = own.tag_code
        and inputs.customer_id = own.customer_id
left join of_all_customers on rule_inputs.tag_code = of_all_customers.tag_code
inner join {{ ref('tag_coverage') }} as coverage
    on rule_inputs.tag_code = coverage.tag_code
where
    rule_inputs.input_kind = 'tag'
    and coverage.coverage <> 'none'
    and coalesce(own.confidence, of_all_customers.confidence, 1) > inputs.confidence
group by rule_inputs.tag_code, rule_inputs.input_name
