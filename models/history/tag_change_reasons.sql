-- Why each change of a tag came about: the clause that flipped, and which input crossed which boundary.
--
-- The clauses of the tag's rule are asked twice, with the inputs and the boundaries of the day before and of the day. Where the
-- answer is not the value on record (another definition held then), or can't be told from tags, the reason is left open.

{{ config(materialized='view', schema='history') }}

with

changes as (
    select * from {{ ref('tag_changes') }}
),

-- Each change seen from both sides.
sides as (
    select
        customer_id,
        tag_code,
        as_of_date,
        'before' as side,
        cast(as_of_date - interval '1' day as date) as stands_on,
        old_value as tag_value,
        inputs_before as inputs
    from changes

    union all

    select
        customer_id,
        tag_code,
        as_of_date,
        'after' as side,
        as_of_date as stands_on,
        new_value as tag_value,
        inputs_after as inputs
    from changes
),

-- What each comparison of the rule compares, with the boundary in force on that side; of a sum the sum of its tags.
measured as (
    select
        sides.customer_id,
        sides.tag_code,
        sides.as_of_date,
        sides.side,
        sides.tag_value,
        boundaries.clause_order,
        boundaries.policy_row,
        boundaries.value,
        boundaries.clause,
        boundaries.comparisons,
        boundaries.comparison_order,
        boundaries.measure,
        boundaries.operator,
        boundaries.boundary,
        boundaries.boundary_text,
        max({{ json_text('sides.inputs', 'boundaries.input_tag') }}) as input_text,
        case
            when
                count(try_cast({{ json_text('sides.inputs', 'boundaries.input_tag') }} as decimal(28, 6)))
                = count(boundaries.input_tag)
                then sum(
                    boundaries.input_sign
                    * try_cast({{ json_text('sides.inputs', 'boundaries.input_tag') }} as decimal(28, 6))
                )
        end as input_number
    from sides
    inner join {{ ref('tag_boundary_versions') }} as boundaries
        on
            sides.tag_code = boundaries.tag_code
            and (boundaries.valid_from is null or boundaries.valid_from <= sides.stands_on)
            and (boundaries.valid_to is null or sides.stands_on < boundaries.valid_to)
    group by
        sides.customer_id,
        sides.tag_code,
        sides.as_of_date,
        sides.side,
        sides.tag_value,
        boundaries.clause_order,
        boundaries.policy_row,
        boundaries.value,
        boundaries.clause,
        boundaries.comparisons,
        boundaries.comparison_order,
        boundaries.measure,
        boundaries.operator,
        boundaries.boundary,
        boundaries.boundary_text
),

-- Whether it holds. What is unknown fulfils "is null" only; a threshold that is asked for stands in boundary.
compared as (
    select
        *,
        coalesce(
            case operator
                when 'any' then true
                when 'is null' then coalesce(input_text, cast(boundary as string)) is null
                when 'is not null' then coalesce(input_text, cast(boundary as string)) is not null
                when '=' then coalesce(input_number = boundary, input_text = boundary_text)
                when '<>' then coalesce(input_number <> boundary, input_text <> boundary_text)
                when '<' then input_number < boundary
                when '<=' then input_number <= boundary
                when '>' then input_number > boundary
                when '>=' then input_number >= boundary
            end,
            false
        ) as holds
    from measured
),

-- The clauses that hold, and those of which the tags can't tell: the rule as a whole, a condition beyond the tags.
clauses as (
    select
        customer_id,
        tag_code,
        as_of_date,
        side,
        clause_order,
        policy_row,
        clause,
        comparisons = 0 and clause <> 'otherwise' as is_beyond_tags,
        clause_order = 0 or coalesce(value, '') = coalesce(tag_value, '') as gives_value
    from compared
    group by
        customer_id,
        tag_code,
        as_of_date,
        side,
        tag_value,
        clause_order,
        policy_row,
        value,
        clause,
        comparisons
    having count(case when holds then 1 end) = comparisons
),

-- The first clause that holds decides, if it gives the value on record; else a clause beyond the tags may.
ranked as (
    select
        *,
        row_number() over (
            partition by customer_id, tag_code, as_of_date, side, is_beyond_tags
            order by clause_order, policy_row
        ) as place
    from clauses
),

deciding as (
    select
        customer_id,
        tag_code,
        as_of_date,
        max(case when side = 'before' then clause end) as clause_before,
        max(case when side = 'before' then clause_order end) as order_before,
        max(case when side = 'after' then clause end) as clause_after,
        max(case when side = 'after' then clause_order end) as order_after,
        max(case when side = 'after' then policy_row end) as row_after
    from ranked
    where place = 1 and gives_value
    group by customer_id, tag_code, as_of_date
),

-- Comparisons that came out otherwise than before. Either one of the new clause has come to hold, or, since the first
-- clause decides, one that stood before the new clause has ceased to.
flipped as (
    select
        after.customer_id,
        after.tag_code,
        after.as_of_date,
        after.measure,
        after.operator,
        before.boundary as boundary_before,
        after.boundary,
        after.boundary_text,
        coalesce(cast(before.input_number as string), before.input_text) as input_before,
        coalesce(cast(after.input_number as string), after.input_text) as input_after,
        after.input_number - after.boundary as distance_after,
        row_number() over (
            partition by after.customer_id, after.tag_code, after.as_of_date
            order by
                case when after.holds then 0 else 1 end,
                after.clause_order desc,
                after.comparison_order
        ) as place
    from compared as after
    inner join deciding
        on
            after.customer_id = deciding.customer_id
            and after.tag_code = deciding.tag_code
            and after.as_of_date = deciding.as_of_date
    inner join compared as before
        on
            after.customer_id = before.customer_id
            and after.tag_code = before.tag_code
            and after.as_of_date = before.as_of_date
            and after.clause_order = before.clause_order
            and coalesce(after.policy_row, '') = coalesce(before.policy_row, '')
            and after.comparison_order = before.comparison_order
    where
        after.side = 'after'
        and before.side = 'before'
        and after.holds <> before.holds
        and (
            (
                after.holds
                and after.clause_order = deciding.order_after
                and coalesce(after.policy_row, '') = coalesce(deciding.row_after, '')
            )
            or (
                not after.holds
                and after.clause_order >= deciding.order_before
                and after.clause_order < deciding.order_after
            )
        )
),

tag_change_reasons as (
    select
        changes.customer_id,
        changes.tag_code,
        changes.as_of_date,
        changes.change_type,
        changes.old_value,
        changes.new_value,
        deciding.clause_before,
        deciding.clause_after,
        flipped.measure as input_tag,
        flipped.operator,
        flipped.boundary_before,
        flipped.boundary,
        flipped.boundary_text,
        flipped.input_before,
        flipped.input_after,
        cast(flipped.distance_after as decimal(28, 4)) as distance_after,
        changes.inputs_before,
        changes.inputs_after
    from changes
    left join deciding
        on
            changes.customer_id = deciding.customer_id
            and changes.tag_code = deciding.tag_code
            and changes.as_of_date = deciding.as_of_date
    left join flipped
        on
            changes.customer_id = flipped.customer_id
            and changes.tag_code = flipped.tag_code
            and changes.as_of_date = flipped.as_of_date
            and flipped.place = 1
)

select * from tag_change_reasons
