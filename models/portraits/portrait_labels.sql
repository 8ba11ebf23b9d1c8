-- What a reader calls each value of a tag (标签值的中文名): the dictionary of values, and the names of the rules and steps
-- that tags take from a seed.

with

portrait_labels as (
    select
        tag_code,
        value as tag_value,
        name_zh
    from {{ ref('tag_values') }}

    union all

    -- A rule keeps its name from one version to the next.
    select
        'lifecycle_rule' as tag_code,
        rule as tag_value,
        max(name_zh) as name_zh
    from {{ ref('lifecycle_rules') }}
    group by rule

    union all

    select
        'onboarding_next_step' as tag_code,
        step as tag_value,
        max(name_zh) as name_zh
    from {{ ref('onboarding_steps') }}
    group by step
)

select * from portrait_labels
