-- Where one name means different things, or different names mean one: known from the documents, and found in the rules.

with

tags as (
    select
        entries.tag_code,
        entries.name_zh,
        entries.owner_namespace,
        coalesce(replace(entries.tag_code, entries.owner_namespace || '__', ''), entries.tag_code) as short_code,
        rules.rule_hash,
        rules.rule_expression
    from {{ ref('tag_dictionary') }} as entries
    inner join {{ ref('tag_rules') }} as rules
        on entries.tag_code = rules.tag_code
),

definition_conflicts as (
    -- The documents disagree; each reading that the bank uses is a tag of its own name.
    select
        'documented' as conflict_kind,
        term,
        definition as definition_a,
        source as place_a,
        other_definition as definition_b,
        other_source as place_b,
        resolution
    from {{ ref('documented_conflicts') }}

    union all

    -- Two users gave one name to two rules, which they may (DECISIONS 37).
    select
        'same_name' as conflict_kind,
        one.name_zh as term,
        one.rule_expression as definition_a,
        one.tag_code as place_a,
        other.rule_expression as definition_b,
        other.tag_code as place_b,
        'Both stand, each under its owner; a certified tag of the bank under the name would end it.' as resolution
    from tags as one
    inner join tags as other
        on (one.name_zh = other.name_zh or one.short_code = other.short_code) and one.tag_code < other.tag_code
    where one.rule_hash <> other.rule_hash

    union all

    -- Two names for one rule.
    select
        'same_definition' as conflict_kind,
        one.name_zh || ' / ' || other.name_zh as term,
        one.rule_expression as definition_a,
        one.tag_code as place_a,
        other.rule_expression as definition_b,
        other.tag_code as place_b,
        'Keep one; see check definition_unique.' as resolution
    from tags as one
    inner join tags as other
        on one.rule_hash = other.rule_hash and one.tag_code < other.tag_code

    union all

    -- Two rules that say the same of every customer today; tags with one value for all say too little to compare.
    select
        'same_values' as conflict_kind,
        one.name_zh || ' / ' || other.name_zh as term,
        one.rule_expression as definition_a,
        one.tag_code as place_a,
        other.rule_expression as definition_b,
        other.tag_code as place_b,
        'See whether one follows from the other, or only the data of the day does not tell them apart.' as resolution
    from {{ ref('tag_scan') }} as one_scan
    inner join {{ ref('tag_scan') }} as other_scan
        on
            one_scan.values_digest = other_scan.values_digest
            and one_scan.data_type = other_scan.data_type
            and one_scan.tag_code < other_scan.tag_code
            and one_scan.distinct_values > 1
    inner join tags as one
        on one_scan.tag_code = one.tag_code
    inner join tags as other
        on other_scan.tag_code = other.tag_code
    where one.rule_hash <> other.rule_hash
)

select * from definition_conflicts
