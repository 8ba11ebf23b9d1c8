{{ printed_rows() }}

-- A fact that rests on a source which was never delivered is known of nobody: no data is not no. Seed
-- coverage_exceptions says of which a value stands all the same, and why. A rule may be known where one of its inputs
-- decides it: tests/python/test_coverage.py compares it with what all sources say.
with exempted as (
    select
        coverage.tag_code,
        count(*) as source_count
    from {{ ref('tag_coverage') }} as coverage
    inner join {{ ref('coverage_exceptions') }} as standing
        on
            coverage.tag_code = standing.tag_code
            and ', ' || coverage.undelivered_sources || ', ' like '%, ' || standing.source_table || ', %'
    group by coverage.tag_code
)

select
    coverage.tag_code,
    'known of ' || cast(tag_values.known_customers as {{ dbt.type_string() }}) || ' customers, though '
    || coverage.undelivered_sources || ' was never delivered' as problem,
    'let its model ask is_covered() for that source, or add a row to seed coverage_exceptions' as remedy
from {{ ref('tag_coverage') }} as coverage
inner join {{ ref('tag_scan') }} as tag_values
    on coverage.tag_code = tag_values.tag_code
inner join {{ ref('tag_dictionary') }} as tags
    on
        coverage.tag_code = tags.tag_code
        and tags.kind = 'fact'
left join exempted
    on coverage.tag_code = exempted.tag_code
where
    coverage.undelivered_sources is not null
    and tag_values.known_customers > 0
    and coalesce(exempted.source_count, 0)
    <= length(coverage.undelivered_sources) - length(replace(coverage.undelivered_sources, ',', ''))
order by coverage.tag_code
