-- Where the tag tree is not a tree: every place has one parent, which exists, up to one of the five data dimensions.

{{ config(materialized='view') }}

with

categories as (
    select * from {{ ref('tag_categories') }}
),

violations as (
    select
        'tree_single_parent' as check_name,
        'tag_categories: ' || path as subject,
        'the place has ' || cast(count(*) as string) || ' parents: ' || min(coalesce(parent_path, 'none')) || ', '
        || max(coalesce(parent_path, 'none')) as problem,
        'keep one row a path in seed tag_categories' as remedy
    from categories
    group by path
    having count(*) > 1

    union all

    select
        'tree_parent_exists' as check_name,
        'tag_categories: ' || children.path as subject,
        'the parent ' || children.parent_path || ' is no place of the tree' as problem,
        'add a row for the parent, or correct parent_path' as remedy
    from categories as children
    left join categories as parents
        on children.parent_path = parents.path
    where children.parent_path is not null and parents.path is null

    union all

    -- A path is its parent's path and one more step, so that no chain of parents can be a circle.
    select
        'tree_path' as check_name,
        'tag_categories: ' || path as subject,
        'the path is not its parent and one step' as problem,
        'write path as parent_path/step, and roots as one of 人口, 资产, 行为, 风险, 社交' as remedy
    from categories
    where
        case
            when parent_path is null then path not in ('人口', '资产', '行为', '风险', '社交')
            else path not like parent_path || '/%' or path like parent_path || '/%/%'
        end
)

select * from violations
