{# CTEs that link each reversal among the rows of a CTE to the posting that it reverses, the last of them `reversals`. The rows are
   postings of stg_core__transactions: transaction_id, transaction_date, transaction_at, account_id, direction, amount,
   transaction_type, channel, counterparty_account_hash, counterparty_bank, reverses_transaction_id.

   A posting is a reversal by its type, or because it names what it reverses. What it reverses is of the same account and amount, in
   the other direction, and not later. One that names a posting reverses that posting, and nothing where there is none. One that
   names none reverses the latest that no other has reversed, as brackets close: the last opened is closed first. Where postings that
   differ claim to be the latest, nobody can tell, and it reverses none of them.

   postings as (select … from {{ ref('stg_core__transactions') }} where …),
   {{ link_reversals('postings') }} #}
{% macro link_reversals(postings) -%}
reversal_days as (
    select
        {{ parameter_value('named_within_days') }} as named_within_days,
        {{ parameter_value('matched_within_days') }} as matched_within_days
    from {{ ref('reversal_policy') }}
),

said_reversals as (
    select *
    from {{ postings }}
    where transaction_type = 'REVERSAL' or reverses_transaction_id is not null
),

-- The number that the reversal names; a bank whose numbers begin anew each day has it on many days: the latest is meant.
named as (
    select
        said_reversals.account_id,
        said_reversals.transaction_id as reversal_transaction_id,
        said_reversals.transaction_date as reversal_date,
        said_reversals.transaction_at as reversal_at,
        reversed.transaction_id as reversed_transaction_id,
        reversed.transaction_date as reversed_date,
        row_number() over (
            partition by said_reversals.transaction_id, said_reversals.transaction_date
            order by reversed.transaction_date desc
        ) as distance
    from said_reversals
    cross join reversal_days
    inner join {{ postings }} as reversed
        on
            said_reversals.account_id = reversed.account_id
            and said_reversals.reverses_transaction_id = reversed.transaction_id
            and said_reversals.amount = reversed.amount
            and said_reversals.direction <> reversed.direction
            and said_reversals.transaction_date >= reversed.transaction_date
    where
        {{ dbt.datediff('reversed.transaction_date', 'said_reversals.transaction_date', 'day') }}
        <= reversal_days.named_within_days
),

-- A posting is reversed once: what names it again reverses nothing.
named_first as (
    select
        account_id,
        reversal_transaction_id,
        reversal_date,
        reversed_transaction_id,
        reversed_date
    from (
        select
            *,
            row_number() over (
                partition by reversed_transaction_id, reversed_date
                order by reversal_date, reversal_at, reversal_transaction_id
            ) as claim
        from named
        where distance = 1
    ) as claimed
    where claim = 1
),

-- Of one account, amount and direction: what may be reversed opens, a reversal that names nothing closes. What is linked
-- by name has been dealt with. A posting of unknown time counts from the start of its day, such a reversal from the end.
brackets as (
    select
        account_id,
        amount,
        direction as reversed_direction,
        transaction_id,
        transaction_date,
        transaction_at,
        coalesce(transaction_at, cast('0001-01-01 00:00:00' as timestamp)) as moment,
        1 as step,
        transaction_type || '|' || coalesce(channel, '') || '|' || coalesce(counterparty_account_hash, '')
        || '|' || coalesce(counterparty_bank, '') as content
    from {{ postings }} as openings
    where
        transaction_type <> 'REVERSAL'
        and reverses_transaction_id is null
        and exists (
            select 1
            from said_reversals
            where
                said_reversals.account_id = openings.account_id
                and said_reversals.amount = openings.amount
                and said_reversals.reverses_transaction_id is null
        )
        and not exists (
            select 1
            from named_first
            where
                named_first.reversed_transaction_id = openings.transaction_id
                and named_first.reversed_date = openings.transaction_date
        )

    union all

    select
        account_id,
        amount,
        case direction when 'IN' then 'OUT' else 'IN' end as reversed_direction,
        transaction_id,
        transaction_date,
        transaction_at,
        coalesce(transaction_at, cast('9999-12-31 00:00:00' as timestamp)) as moment,
        -1 as step,
        cast(null as string) as content
    from said_reversals
    where
        reverses_transaction_id is null
        and not exists (
            select 1
            from named_first
            where
                named_first.reversed_transaction_id = said_reversals.transaction_id
                and named_first.reversed_date = said_reversals.transaction_date
        )
),

ordered as (
    select
        *,
        row_number() over (
            partition by account_id, amount, reversed_direction
            order by transaction_date, moment, step desc, transaction_id
        ) as position,
        -- How deep the bracket lies: a closing one lies as deep as what it closes.
        sum(step) over (
            partition by account_id, amount, reversed_direction
            order by transaction_date, moment, step desc, transaction_id
            rows between unbounded preceding and current row
        ) + case when step < 0 then 1 else 0 end as depth,
        -- Those that claim to be the same bracket: of one moment, or of one day where a time is unknown.
        case
            when
                max(case when transaction_at is null then 1 else 0 end) over (
                    partition by account_id, amount, reversed_direction, transaction_date
                ) = 1
                then
                    min(content) over (partition by account_id, amount, reversed_direction, transaction_date)
                    <> max(content) over (partition by account_id, amount, reversed_direction, transaction_date)
            else
                min(content) over (partition by account_id, amount, reversed_direction, transaction_date, moment)
                <> max(content) over (partition by account_id, amount, reversed_direction, transaction_date, moment)
        end as is_contested
    from brackets
),

closed as (
    select
        *,
        max(case when step > 0 then position end) over (
            partition by account_id, amount, reversed_direction, depth
            order by position
            rows between unbounded preceding and current row
        ) as opened_position
    from ordered
),

matched as (
    select
        closed.account_id,
        closed.transaction_id as reversal_transaction_id,
        closed.transaction_date as reversal_date,
        opened.transaction_id as reversed_transaction_id,
        opened.transaction_date as reversed_date,
        opened.is_contested
    from closed
    cross join reversal_days
    inner join ordered as opened
        on
            closed.account_id = opened.account_id
            and closed.amount = opened.amount
            and closed.reversed_direction = opened.reversed_direction
            and closed.opened_position = opened.position
    where
        closed.step < 0
        and {{ dbt.datediff('opened.transaction_date', 'closed.transaction_date', 'day') }}
        <= reversal_days.matched_within_days
),

-- A reversal that is itself reversed has reversed nothing: what it names stands again.
reversals as (
    select
        said_reversals.transaction_id as reversal_transaction_id,
        said_reversals.transaction_date as reversal_date,
        said_reversals.account_id,
        said_reversals.direction,
        said_reversals.amount,
        said_reversals.reverses_transaction_id,
        case
            when undone.reversed_transaction_id is not null then 'undone'
            when named_first.reversed_transaction_id is not null then 'named'
            when said_reversals.reverses_transaction_id is not null then 'nothing_of_that_number'
            when matched.is_contested then 'several_candidates'
            when matched.reversed_transaction_id is not null then 'matched'
            else 'no_candidate'
        end as outcome,
        coalesce(named_first.reversed_transaction_id, matched.reversed_transaction_id) as candidate_transaction_id,
        coalesce(named_first.reversed_date, matched.reversed_date) as candidate_date
    from said_reversals
    left join named_first
        on
            said_reversals.transaction_id = named_first.reversal_transaction_id
            and said_reversals.transaction_date = named_first.reversal_date
    left join named_first as undone
        on
            said_reversals.transaction_id = undone.reversed_transaction_id
            and said_reversals.transaction_date = undone.reversed_date
    left join matched
        on
            said_reversals.transaction_id = matched.reversal_transaction_id
            and said_reversals.transaction_date = matched.reversal_date
)
{%- endmacro %}

{# The postings that count as nothing, from the rows that link_reversals made: what reverses, and what is reversed. #}
{% macro cancelled_postings(reversals) -%}
    select
        reversal_transaction_id as transaction_id,
        reversal_date as transaction_date
    from {{ reversals }}
    where outcome in ('named', 'matched', 'undone')

    union all

    select
        candidate_transaction_id as transaction_id,
        candidate_date as transaction_date
    from {{ reversals }}
    where outcome in ('named', 'matched')
{%- endmacro %}
