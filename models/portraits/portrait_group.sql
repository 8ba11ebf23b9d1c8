-- The portrait of a group (群体画像): how its members differ from the other active customers, trait by trait, and whether
-- more than by chance. Counts come from portrait_counts; this reads no customer.

{% set trait = 'portrait_group, branch_key, tag_code' -%}

with

policy as (
    select
        max(case when parameter = 'significance_level' then value end) as significance_level,
        max(case when parameter = 'benefit_withheld_share' then value end) as benefit_withheld_share
    from {{ ref('portrait_policy') }}
),

privacy as (
    select {{ minimum_group_size() }} as minimum_size
),

-- Numbers by their band; what has no bands stands by itself.
counts as (
    select
        counts.portrait_group,
        counts.branch_key,
        counts.is_member,
        counts.tag_code,
        coalesce(bands.band, counts.tag_value) as tag_value,
        sum(counts.customers) as customers
    from {{ ref('portrait_counts') }} as counts
    left join {{ ref('portrait_bands') }} as bands
        on
            counts.tag_code = bands.tag_code
            and {{ in_band('try_cast(counts.tag_value as int)', 'bands.value_from', 'bands.value_to') }}
    group by
        counts.portrait_group, counts.branch_key, counts.is_member, counts.tag_code,
        coalesce(bands.band, counts.tag_value)
),

-- Who may be a member, and is no comparison for members.
unknown as (
    select
        portrait_group,
        branch_key,
        tag_code,
        tag_value,
        customers
    from counts
    where not is_member
),

-- All active customers: of the whole bank, and of each branch.
everyone as (
    select
        '' as branch_key,
        tag_code,
        tag_value,
        sum(customers) as customers
    from counts
    where portrait_group = ''
    group by tag_code, tag_value

    union all

    select
        branch_key,
        tag_code,
        tag_value,
        customers
    from counts
    where portrait_group = '' and branch_key <> ''
),

sizes as (
    select
        members.portrait_group,
        members.branch_key,
        members.customers as group_customers,
        everyone.customers - members.customers - coalesce(unknown.customers, 0) as comparison_customers
    from counts as members
    inner join everyone
        on
            members.branch_key = everyone.branch_key
            and members.tag_code = everyone.tag_code
    left join unknown
        on
            members.portrait_group = unknown.portrait_group
            and members.branch_key = unknown.branch_key
            and members.tag_code = unknown.tag_code
    where
        members.portrait_group <> ''
        and members.is_member
        and members.tag_code = ''
),

-- Each value that anybody has, in the group and among the others.
compared as (
    select
        sizes.portrait_group,
        sizes.branch_key,
        sizes.group_customers,
        sizes.comparison_customers,
        everyone.tag_code,
        everyone.tag_value,
        coalesce(members.customers, 0) as n,
        everyone.customers - coalesce(members.customers, 0) - coalesce(unknown.customers, 0) as comparison_n,
        privacy.minimum_size
    from sizes
    cross join privacy
    inner join everyone
        on sizes.branch_key = everyone.branch_key
    left join counts as members
        on
            sizes.portrait_group = members.portrait_group
            and sizes.branch_key = members.branch_key
            and everyone.tag_code = members.tag_code
            and everyone.tag_value = members.tag_value
            and members.is_member
    left join unknown
        on
            sizes.portrait_group = unknown.portrait_group
            and sizes.branch_key = unknown.branch_key
            and everyone.tag_code = unknown.tag_code
            and everyone.tag_value = unknown.tag_value
    where everyone.tag_code <> ''
),

-- Shares are of the customers whose value is known: no data is not no.
known as (
    select
        *,
        sum(n) over (partition by {{ trait }}) as known_n,
        sum(comparison_n) over (partition by {{ trait }}) as comparison_known_n,
        sum(case when n < minimum_size then n else 0 end) over (partition by {{ trait }}) as few,
        sum(case when comparison_n < minimum_size then comparison_n else 0 end) over (partition by {{ trait }})
            as comparison_few,
        row_number() over (
            partition by {{ trait }}
            order by case when n < minimum_size then 1 else 0 end, n, tag_value
        ) as place,
        row_number() over (
            partition by {{ trait }}
            order by case when comparison_n < minimum_size then 1 else 0 end, comparison_n, tag_value
        ) as comparison_place
    from compared
),

-- What fewer than the minimum have is suppressed, on either side; and where these few together are so few that the
-- others give them away, the next smallest value too.
suppressed as (
    select
        *,
        n < minimum_size
        or comparison_n < minimum_size
        or (few between 1 and minimum_size - 1 and place = 1)
        or (comparison_few between 1 and minimum_size - 1 and comparison_place = 1) as is_suppressed
    from known
),

-- What puts a customer into the group: its tag; of an audience the tags of its predicate, and those of the gates.
group_tags as (
    select distinct
        portrait_group,
        portrait_group as tag_code
    from sizes

    union distinct

    select
        audience as portrait_group,
        tag_code
    from {{ ref('audience_tags') }}

    union distinct

    select
        audiences.audience as portrait_group,
        entries.tag_code
    from {{ ref('audiences') }} as audiences
    inner join {{ ref('audience_purposes') }} as purposes
        on audiences.purpose = purposes.purpose
    inner join {{ ref('tag_dictionary') }} as entries
        on
            (purposes.needs_consent and entries.tag_code like '%marketing_consent')
            or (purposes.needs_personalisation and entries.tag_code = 'is_personalisation_allowed')
            or (
                purposes.needs_suitability
                and audiences.product_id is not null
                and entries.tag_code = 'max_sellable_product_rating'
            )
),

-- All members and the others are active, so what reads only that is of no one's making.
ancestors as (
    select
        tag_code,
        input_tag
    from {{ ref('tag_ancestors') }}
    where input_tag <> 'relationship_status'
),

group_inputs as (
    select
        portrait_group,
        tag_code
    from group_tags

    union distinct

    select
        group_tags.portrait_group,
        ancestors.input_tag as tag_code
    from group_tags
    inner join ancestors
        on group_tags.tag_code = ancestors.tag_code
),

-- These, and whatever is made of any of them, differ because the group is defined so.
circular as (
    select
        portrait_group,
        tag_code
    from group_inputs

    union distinct

    select
        group_inputs.portrait_group,
        ancestors.tag_code
    from group_inputs
    inner join ancestors
        on group_inputs.tag_code = ancestors.input_tag
),

-- Of yes and no, no says nothing that yes does not.
judged as (
    select
        suppressed.*,
        circular.tag_code is not null as is_circular,
        {{ rate('suppressed.n', 'suppressed.known_n') }} as member_share,
        {{ rate('suppressed.comparison_n', 'suppressed.comparison_known_n') }} as comparison_share,
        case
            when
                not suppressed.is_suppressed and circular.tag_code is null
                then {{ two_proportion_z(
                    'suppressed.n', 'suppressed.known_n', 'suppressed.comparison_n', 'suppressed.comparison_known_n'
                ) }}
        end as z
    from suppressed
    left join circular
        on
            suppressed.portrait_group = circular.portrait_group
            and suppressed.tag_code = circular.tag_code
    where suppressed.tag_value <> 'false'
),

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

-- What a group may be offered something for: an audience for its own purpose, a group that is a tag for any.
purposes as (
    select distinct
        sizes.portrait_group,
        audiences.purpose
    from sizes
    left join {{ ref('audiences') }} as audiences
        on sizes.portrait_group = audiences.audience
),

-- For whom each benefit is not.
barred as (
    select
        benefits.benefit,
        entries.tag_code,
        case when entries.name_zh like '是否%' then substring(entries.name_zh, 3) else entries.name_zh end as name_zh
    from {{ ref('portrait_benefits') }} as benefits
    inner join {{ ref('tag_dictionary') }} as entries
        on '|' || benefits.not_for || '|' like '%|' || entries.tag_code || '|%'
),

barred_names as (
    select
        benefit,
        {{ dbt.listagg('name_zh', "'、'", 'order by tag_code') }} as not_for_zh
    from (
        select distinct
            benefit,
            tag_code,
            name_zh
        from barred
    ) as named
    group by benefit
),

-- To which group it is not recommended at all, because too many of its members are whom it is not for.
withheld as (
    select distinct
        adjusted.portrait_group,
        adjusted.branch_key,
        barred.benefit
    from adjusted
    inner join barred
        on adjusted.tag_code = barred.tag_code
    cross join policy
    where
        adjusted.tag_value = 'true'
        and adjusted.member_share >= policy.benefit_withheld_share
),

-- What suits a group that has the trait more often than the others, and may be offered it.
recommended as (
    select
        adjusted.portrait_group,
        adjusted.branch_key,
        benefits.tag_code,
        benefits.tag_value,
        benefits.name_zh,
        benefits.moment_zh,
        benefits.purpose,
        barred_names.not_for_zh
    from adjusted
    cross join policy
    inner join {{ ref('portrait_benefits') }} as benefits
        on
            adjusted.tag_code = benefits.tag_code
            and adjusted.tag_value = benefits.tag_value
            and adjusted.p_adjusted <= policy.significance_level
            and adjusted.z > 0
    inner join purposes
        on
            adjusted.portrait_group = purposes.portrait_group
            and benefits.purpose = coalesce(purposes.purpose, benefits.purpose)
    left join barred_names
        on benefits.benefit = barred_names.benefit
    left join withheld
        on
            adjusted.portrait_group = withheld.portrait_group
            and adjusted.branch_key = withheld.branch_key
            and benefits.benefit = withheld.benefit
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
        recommended.name_zh as benefit_zh,
        recommended.moment_zh as benefit_moment_zh,
        recommended.purpose as benefit_purpose,
        recommended.not_for_zh as benefit_not_for_zh,
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
    left join recommended
        on
            adjusted.portrait_group = recommended.portrait_group
            and adjusted.branch_key = recommended.branch_key
            and adjusted.tag_code = recommended.tag_code
            and adjusted.tag_value = recommended.tag_value
)

select * from portrait_group
