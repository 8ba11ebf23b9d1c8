-- Why each change of a tag came about: the clause that flipped, and which input crossed which boundary.
--
-- The clauses of the tag's rule are asked twice, each time with the inputs and the boundaries of that side of the
-- change. Where their answer is not the value on record (another definition held then), or tags can't tell it, the
-- reason stays open.

{{ config(materialized='view') }}

with

changes as (
    select * from {{ ref('tag_changes') }}
),

-- Each change from both sides, where there is one: a new customer had no value before, one who has gone has none after,
-- and of a changed rule only the new one can be asked.
sides as (
    select
        changes.customer_id,
        changes.tag_code,
        changes.as_of_date,
        'before' as side,
        observed_dates.previous_date as observed_on,
        changes.old_value as value_on_record,
        changes.inputs_before as inputs
    from changes
    inner join {{ ref('observed_dates') }} as observed_dates
        on changes.as_of_date = observed_dates.as_of_date
    where changes.change_type in ('moved', 'policy_changed', 'gone')

    union all

    select
        customer_id,
        tag_code,
        as_of_date,
        'after' as side,
        as_of_date as observed_on,
        new_value as value_on_record,
        inputs_after as inputs
    from changes
    where change_type <> 'gone'
),

-- What each comparison of the rule is made of, with the boundary in force on that side.
given as (
    select
        sides.customer_id,
        sides.tag_code,
        sides.as_of_date,
        sides.side,
        sides.value_on_record,
        boundaries.clause_order,
        boundaries.policy_row,
        boundaries.tag_value,
        boundaries.clause,
        boundaries.comparisons,
        boundaries.comparison_order,
        boundaries.measure,
        boundaries.input_tag,
        boundaries.input_sign,
        boundaries.operator,
        boundaries.boundary,
        boundaries.boundary_text,
        {{ json_value('sides.inputs', 'boundaries.input_tag') }} as input_text
    from sides
    inner join {{ ref('tag_boundary_versions') }} as boundaries
        on
            sides.tag_code = boundaries.tag_code
            and (boundaries.valid_from is null or sides.observed_on >= boundaries.valid_from)
            and (boundaries.valid_to is null or sides.observed_on < boundaries.valid_to)
),

-- What is compared: a tag, or the sum of some, which is unknown where one of them is.
measured as (
    select
        customer_id,
        tag_code,
        as_of_date,
        side,
        value_on_record,
        clause_order,
        policy_row,
        tag_value,
        clause,
        comparisons,
        comparison_order,
        measure,
        operator,
        boundary,
        boundary_text,
        max(input_text) as input_text,
        case
            when count(try_cast(input_text as decimal(28, 4))) = count(input_tag)
                then sum(input_sign * try_cast(input_text as decimal(28, 4)))
        end as input_number
    from given
    group by
        customer_id,
        tag_code,
        as_of_date,
        side,
        value_on_record,
        clause_order,
        policy_row,
        tag_value,
        clause,
        comparisons,
        comparison_order,
        measure,
        operator,
        boundary,
        boundary_text
),

-- Whether it holds. What is unknown fulfils "is null" only; a threshold that is itself asked for stands in boundary.
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

-- The clauses that hold; and those of which tags can't tell it: a rule as a whole, a condition beyond the tags.
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
        clause_order = 0 or coalesce(tag_value, '') = coalesce(value_on_record, '') as gives_value
    from compared
    group by
        customer_id,
        tag_code,
        as_of_date,
        side,
        value_on_record,
        clause_order,
        policy_row,
        tag_value,
        clause,
        comparisons
    having count(case when holds then 1 end) = comparisons
),

-- The first clause that holds decides, if it gives the value on record; if not, it may have been one beyond the tags.
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

-- The comparison that came out otherwise than before. Either one of the new clause has come to hold, or, since the
-- first clause decides, one of a clause before it has ceased to: of several the last, next to where the customer is.
flipped as (
    select
        later.customer_id,
        later.tag_code,
        later.as_of_date,
        later.measure,
        later.operator,
        earlier.boundary as boundary_before,
        later.boundary,
        later.boundary_text,
        coalesce(cast(earlier.input_number as string), earlier.input_text) as input_before,
        coalesce(cast(later.input_number as string), later.input_text) as input_after,
        later.input_number - later.boundary as distance_after,
        row_number() over (
            partition by later.customer_id, later.tag_code, later.as_of_date
            order by
                case when later.holds then 0 else 1 end asc,
                later.clause_order desc,
                later.comparison_order asc,
                later.policy_row asc
        ) as place
    from compared as later
    inner join compared as earlier
        on
            later.customer_id = earlier.customer_id
            and later.tag_code = earlier.tag_code
            and later.as_of_date = earlier.as_of_date
            and later.clause_order = earlier.clause_order
            and coalesce(later.policy_row, '') = coalesce(earlier.policy_row, '')
            and later.comparison_order = earlier.comparison_order
    inner join deciding
        on
            later.customer_id = deciding.customer_id
            and later.tag_code = deciding.tag_code
            and later.as_of_date = deciding.as_of_date
    where
        later.side = 'after'
        and earlier.side = 'before'
        and later.holds <> earlier.holds
        and (
            (
                later.holds
                and later.clause_order = deciding.order_after
                and coalesce(later.policy_row, '') = coalesce(deciding.row_after, '')
            )
            or (
                earlier.holds
                and later.clause_order >= deciding.order_before
                and later.clause_order < deciding.order_after
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
