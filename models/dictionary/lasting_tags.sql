-- The tags that no campaign can have moved (先天属性): facts about the person that say so in the dictionary, and tags
-- that are made of nothing else. What the bank assigns, sells or records later is none of them, wherever it stands in
-- the tree.

with

dictionary as (
    select * from {{ ref('tag_dictionary') }}
),

inputs as (
    select
        tag_code,
        input_name
    from {{ ref('tag_rule_inputs') }}
    where input_kind = 'source'
),

-- The columns of the sources that the declared facts are measured from.
lasting_columns as (
    select distinct inputs.input_name
    from inputs
    inner join dictionary
        on inputs.tag_code = dictionary.tag_code
    where dictionary.is_lasting
),

-- A rule over lasting facts lasts too; one that asks besides whether the customer is still one does not.
made_of_them as (
    select inputs.tag_code
    from inputs
    left join lasting_columns
        on inputs.input_name = lasting_columns.input_name
    group by inputs.tag_code
    having count(*) = count(lasting_columns.input_name)
),

lasting_tags as (
    select
        dictionary.tag_code,
        dictionary.is_lasting as is_declared
    from dictionary
    left join made_of_them
        on dictionary.tag_code = made_of_them.tag_code
    where dictionary.is_lasting or (dictionary.kind <> 'fact' and made_of_them.tag_code is not null)
)

select * from lasting_tags
