{# What becomes of the candidates of audience_screening once it is known who is a member of the audiences that theirs include and exclude:
   the rows of `screening` with removed_at_last, null for a member. `members` has an audience and customer_id a row; both name relations.

   Who is not in every audience that theirs is limited to is no candidate, and has no row. A group that is too small is removed as a
   whole. #}
{% macro settled(screening, members) -%}
    select
        screened.*,
        case
            when named.is_excluded then 'excluded'
            when screened.removed_by is not null then screened.removed_by
            when
                sum(case when named.is_excluded or screened.removed_by is not null then 0 else 1 end)
                    over (partition by screened.audience)
                < screened.minimum_size
                then 'too_few'
        end as removed_at_last
    from {{ screening }} as screened
    left join (
        select
            audience,
            count(*) as including
        from {{ rows_from(rows_of_audiences('including'), ['audience', 'said']) }} as including
        group by audience
    ) as limits on screened.audience = limits.audience
    left join (
        select
            sets.audience,
            members.customer_id,
            sum(sets.is_including) as including,
            min(sets.is_including) = 0 as is_excluded
        from (
            select audience, said, 1 as is_including
            from {{ rows_from(rows_of_audiences('including'), ['audience', 'said']) }} as including
            union all
            select audience, said, 0 as is_including
            from {{ rows_from(rows_of_audiences('excluding'), ['audience', 'said']) }} as excluding
        ) as sets
        inner join {{ members }} as members on sets.said = members.audience
        group by sets.audience, members.customer_id
    ) as named
        on
            screened.audience = named.audience
            and screened.customer_id = named.customer_id
    where coalesce(named.including, 0) = coalesce(limits.including, 0)
{%- endmacro %}
