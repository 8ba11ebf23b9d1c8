{# Proves that the half-open bands [lower, upper) of a policy seed cover every amount exactly once: from -infinity (the lowest
   band has no lower bound) to +infinity (the highest has no upper bound), with no gap and no overlap, within each group and on
   every date since the first validity date. Two versions that are valid on the same day overlap, so they fail too.

   Arguments
       lower, upper          columns with the bounds; null means open
       group_by              columns within which the bands must cover (one set of bands each)
       valid_from, valid_to  columns with the half-open validity [from, to); leave out for a seed without validity

       data_tests:
         - covers_all_amounts:
             arguments: {lower: aum_from, upper: aum_to, group_by: [currency], valid_from: valid_from, valid_to: valid_to}
#}
{% test covers_all_amounts(model, lower, upper, group_by, valid_from=none, valid_to=none) %}
    {{- printed_rows() -}}
    {%- set groups = group_by | join(', ') %}
    {%- set start = valid_from or "cast('1900-01-01' as date)" %}
    {%- set finish = valid_to or "cast(null as date)" %}
    with bands as (
        select
            {{ groups }},
            {{ lower }} as band_from,
            {{ upper }} as band_to,
            {{ start }} as valid_from,
            {{ finish }} as valid_to
        from {{ model }}
    ),

    -- The set of bands in force can change only on these dates.
    dates as (
        select {{ groups }}, valid_from as on_date from bands
        union distinct
        select {{ groups }}, valid_to as on_date from bands where valid_to is not null
    ),

    in_force as (
        select
            dates.on_date,
            bands.*,
            row_number() over (
                partition by {{ 'bands.' ~ group_by | join(', bands.') }}, dates.on_date
                order by bands.band_from nulls first, bands.band_to nulls last
            ) as position_from_bottom,
            count(*) over (partition by {{ 'bands.' ~ group_by | join(', bands.') }}, dates.on_date) as band_count,
            lag(bands.band_to) over (
                partition by {{ 'bands.' ~ group_by | join(', bands.') }}, dates.on_date
                order by bands.band_from nulls first, bands.band_to nulls last
            ) as band_below_to
        from dates
        inner join bands
            on {% for column in group_by %}dates.{{ column }} = bands.{{ column }} and {% endfor -%}
                dates.on_date >= bands.valid_from
                and (bands.valid_to is null or dates.on_date < bands.valid_to)
    ),

    judged as (
        select
            {{ groups }},
            on_date,
            band_from,
            band_to,
            case
                when valid_to <= valid_from then 'validity ends before it begins'
                when band_to < band_from then 'upper bound below lower bound'
                when position_from_bottom = 1 and band_from is not null then 'amounts below the lowest band are not covered'
                when position_from_bottom > 1 and (band_from is null or band_below_to is null) then 'bands overlap'
                when position_from_bottom > 1 and band_from > band_below_to then 'gap below this band'
                when position_from_bottom > 1 and band_from < band_below_to then 'bands overlap'
                when position_from_bottom = band_count and band_to is not null then 'amounts above the highest band are not covered'
            end as problem
        from in_force
    ),

    -- A date on which one version ended and none began, though a later one does.
    uncovered_dates as (
        select
            {{ groups }},
            on_date,
            cast(null as {{ dbt.type_numeric() }}) as band_from,
            cast(null as {{ dbt.type_numeric() }}) as band_to,
            'no bands in force from this date, though later ones are defined' as problem
        from dates
        where
            not exists (
                select 1 from in_force
                where {% for column in group_by %}in_force.{{ column }} = dates.{{ column }} and {% endfor -%}
                    in_force.on_date = dates.on_date
            )
            and exists (
                select 1 from bands
                where {% for column in group_by %}bands.{{ column }} = dates.{{ column }} and {% endfor -%}
                    bands.valid_from > dates.on_date
            )
    )

    select
        *,
        'correct the bounds or the validity of these rows of the seed' as remedy
    from judged
    where problem is not null
    union all
    select
        *,
        'add bands that begin on this date, or let those before hold longer' as remedy
    from uncovered_dates
{% endtest %}
