-- The portrait of a group (群体画像): how its members differ from the other active customers, trait by trait, and whether
-- more than by chance.
--
-- portrait_shares has the counts, portrait_circular what differs by definition; the rest is tested here.

with

policy as (
    select
        max(case when parameter = 'significance_level' then value end) as significance_level,
        max(case when parameter = 'benefit_withheld_share' then value end) as benefit_withheld_share
    from {{ ref('portrait_policy') }}
),

-- Of yes and no, no says nothing that yes does not.
judged as (
    select
        compared.*,
        circular_tags.tag_code is not null as is_circular,
        {{ rate('compared.n', 'compared.known_n') }} as member_share,
        {{ rate('compared.comparison_n', 'compared.comparison_known_n') }} as comparison_share,
        case
            when
                not compared.is_suppressed and circular_tags.tag_code is null
                then {{ two_proportion_z(
                    'compared.n', 'compared.known_n', 'compared.comparison_n', 'compared.comparison_known_n'
                ) }}
        end as z
    from {{ ref('portrait_shares') }} as compared
    left join {{ ref('portrait_circular') }} as circular_tags
        on
            compared.portrait_group = circular_tags.portrait_group
            and compared.tag_code = circular_tags.tag_code
    where compared.tag_value <> 'false'
),

-- How likely each difference is by chance.
tests as (
    select
        *,
        {{ normal_p('z') }} as p_value
    from judged
),

-- The more is compared, the more differs by chance: the correction is for all that is compared of a group.
adjusted as (
    {{ with_holm('tests', p='p_value', family=['portrait_group', 'branch_key'], key=['tag_code', 'tag_value']) }}
),

-- What suits a group that has the trait more often than the others, by a benefit that it may be offered.
recommended as (
    select
        adjusted.portrait_group,
        adjusted.branch_key,
        benefits.tag_code,
        benefits.tag_value,
        benefits.benefit,
        benefits.name_zh,
        benefits.moment_zh,
        benefits.purpose,
        benefits.not_for,
        benefits.not_for_zh
    from adjusted
    cross join policy
    inner join {{ ref('portrait_group_benefits') }} as benefits
        on
            adjusted.portrait_group = benefits.portrait_group
            and adjusted.tag_code = benefits.tag_code
            and adjusted.tag_value = benefits.tag_value
    where adjusted.p_adjusted <= policy.significance_level and adjusted.z > 0
),

-- Too many of whose members are those whom the benefit is not for.
withheld as (
    select distinct
        recommended.portrait_group,
        recommended.branch_key,
        recommended.benefit
    from recommended
    inner join adjusted
        on
            recommended.portrait_group = adjusted.portrait_group
            and recommended.branch_key = adjusted.branch_key
            and '|' || recommended.not_for || '|' like '%|' || adjusted.tag_code || '|%'
    cross join policy
    where adjusted.tag_value = 'true' and adjusted.member_share >= policy.benefit_withheld_share
),

-- The others may be recommended it.
offered as (
    select recommended.*
    from recommended
    left join withheld
        on
            recommended.portrait_group = withheld.portrait_group
            and recommended.branch_key = withheld.branch_key
            and recommended.benefit = withheld.benefit
    where withheld.benefit is null
),

portrait_group as (
    select
        adjusted.portrait_group,
        case when adjusted.branch_key = '' then 'bank' else 'branch' end as comparison,
        nullif(adjusted.branch_key, '') as branch_id,
        adjusted.tag_code,
        entries.name_zh,
        adjusted.tag_value,
        coalesce(bands.name_zh, case when entries.data_type like 'decimal%' then '有' else labels.name_zh end)
            as value_zh,
        cast(coalesce(bands.display_order, labels.display_order, 1) as int) as display_order,
        case when not adjusted.is_suppressed then cast(adjusted.n as bigint) end as n,
        case when not adjusted.is_suppressed then adjusted.member_share end as member_share,
        case when not adjusted.is_suppressed then cast(adjusted.comparison_n as bigint) end as comparison_n,
        case when not adjusted.is_suppressed then adjusted.comparison_share end as comparison_share,
        case when not adjusted.is_suppressed then 100 * adjusted.member_share / adjusted.comparison_share end as tgi,
        adjusted.z,
        adjusted.p_value,
        adjusted.p_adjusted,
        coalesce(adjusted.p_adjusted <= policy.significance_level, false) as is_significant,
        adjusted.is_suppressed,
        adjusted.is_circular,
        offered.name_zh as benefit_zh,
        offered.moment_zh as benefit_moment_zh,
        offered.purpose as benefit_purpose,
        offered.not_for_zh as benefit_not_for_zh,
        {{ as_of_date() }} as as_of_date
    from adjusted
    inner join {{ ref('tag_dictionary') }} as entries
        on adjusted.tag_code = entries.tag_code
    left join {{ ref('tag_values') }} as labels
        on
            adjusted.tag_code = labels.tag_code
            and adjusted.tag_value = labels.value
    left join {{ ref('portrait_bands') }} as bands
        on
            adjusted.tag_code = bands.tag_code
            and adjusted.tag_value = bands.band
    cross join policy
    left join offered
        on
            adjusted.portrait_group = offered.portrait_group
            and adjusted.branch_key = offered.branch_key
            and adjusted.tag_code = offered.tag_code
            and adjusted.tag_value = offered.tag_value
)

select * from portrait_group
