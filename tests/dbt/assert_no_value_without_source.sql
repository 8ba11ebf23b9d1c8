{{ printed_rows() }}

-- A fact that rests on a source which was never delivered is known of nobody: no data is not no. Seed
-- coverage_exceptions says of which a value stands all the same, and why. A rule may be known where one of its inputs
-- decides it: tests/python/test_coverage.py compares it with what all sources say.
with exempted as (
    select
        coverage.tag_code,
        count(*) as source_count
    from {{ ref('tag_coverage') }} as coverage
    inner join {{ ref('coverage_exceptions') }} as exceptions
        on
            coverage.tag_code = exceptions.tag_code
            and ', ' || coverage.undelivered_sources || ', ' like '%, ' || exceptions.source_table || ', %'
    group by coverage.tag_code
)

select
    coverage.tag_code,
    'known of ' || cast(scan.known_customers as {{ dbt.type_string() }}) || ' customers, though '
    || coverage.undelivered_sources || ' was never delivered' as problem,
    'let its model ask is_covered() for that source, or add a row to seeds/governance/coverage_exceptions.csv' as remedy
from {{ ref('tag_coverage') }} as coverage
inner join {{ ref('tag_scan') }} as scan
    on coverage.tag_code = scan.tag_code
inner join {{ ref('tag_dictionary') }} as dictionary
    on
        coverage.tag_code = dictionary.tag_code
        and dictionary.kind = 'fact'
left join exempted
    on coverage.tag_code = exempted.tag_code
where
    coverage.undelivered_sources is not null
    and scan.known_customers > 0
    and coalesce(exempted.source_count, 0)
    <= length(coverage.undelivered_sources) - length(replace(coverage.undelivered_sources, ',', ''))
order by coverage.tag_code
