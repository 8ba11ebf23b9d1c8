-- Whether the tag tree is a tree: every place has one parent, which exists, up to one of the five data dimensions.

{{ config(materialized='view') }}

with

categories as (
    select
        *,
        'tag_categories: ' || path as subject
    from {{ ref('tag_categories') }}
),

check_tree as (
    select
        'tree_single_parent' as check_name,
        cast(null as string) as tag_code,
        subject,
        case
            when count(*) > 1
                then
                    'the place has ' || cast(count(*) as string) || ' parents: ' || min(coalesce(parent_path, 'none'))
                    || ', ' || max(coalesce(parent_path, 'none'))
        end as problem,
        'keep one row a path in seed tag_categories' as remedy
    from categories
    group by subject

    union all

    select
        'tree_parent_exists' as check_name,
        cast(null as string) as tag_code,
        children.subject,
        case
            when parents.path is null then 'the parent ' || children.parent_path || ' is no place of the tree'
        end as problem,
        'add a row for the parent, or correct parent_path' as remedy
    from categories as children
    left join categories as parents
        on children.parent_path = parents.path

    union all

    -- A path is its parent's path and one more step, so that no chain of parents can be a circle.
    select
        'tree_path' as check_name,
        cast(null as string) as tag_code,
        subject,
        case
            when
                case
                    when parent_path is null then path not in ('人口', '资产', '行为', '风险', '社交')
                    else path not like parent_path || '/%' or path like parent_path || '/%/%'
                end
                then 'the path is not its parent and one step'
        end as problem,
        'write path as parent_path/step, and roots as one of 人口, 资产, 行为, 风险, 社交' as remedy
    from categories
)

select * from check_tree
