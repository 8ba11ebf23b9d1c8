{{ printed_rows(columns=['tag_code', 'input_tag', 'remedy']) }}

-- A tag that a rule reads behind a tag that is followed, and that is not followed itself: the chain of tags is longer
-- than model tag_ancestors reaches.
select
    ancestors.tag_code,
    rule_inputs.input_name as input_tag,
    'the chain of tags is longer than tag_ancestors follows: add one more doubling to that model' as remedy
from {{ ref('tag_ancestors') }} as ancestors
inner join {{ ref('tag_rule_inputs') }} as rule_inputs
    on
        ancestors.input_tag = rule_inputs.tag_code
        and rule_inputs.input_kind = 'tag'
        and ancestors.tag_code <> rule_inputs.input_name
left join {{ ref('tag_ancestors') }} as followed
    on
        ancestors.tag_code = followed.tag_code
        and rule_inputs.input_name = followed.input_tag
where followed.tag_code is null
