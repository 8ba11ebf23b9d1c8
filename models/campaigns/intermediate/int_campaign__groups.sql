-- How each campaign was split, over all and by tier: customers by arm, the sample-ratio test against the control share
-- that was drawn (of a frozen list; else that was planned), and the controls who were treated all the same.

with

split as (
    select
        members.campaign_id,
        members.tier,
        members.arm,
        members.assigned_date,
        members.first_touch_date,
        coalesce(contamination.is_written_to, false) as is_written_to,
        coalesce(contamination.other_campaigns > 0, false) as is_treated_elsewhere
    from {{ ref('int_campaign__members') }} as members
    left join {{ ref('int_campaign__contamination') }} as contamination
        on
            members.campaign_id = contamination.campaign_id
            and members.customer_id = contamination.customer_id
),

members as (
    select
        campaign_id,
        'all' as group_dimension,
        'all' as group_value,
        arm,
        assigned_date,
        first_touch_date,
        is_written_to,
        is_treated_elsewhere
    from split

    union all

    select
        campaign_id,
        'tier' as group_dimension,
        tier as group_value,
        arm,
        assigned_date,
        first_touch_date,
        is_written_to,
        is_treated_elsewhere
    from split
    where tier is not null
),

counts as (
    select
        campaign_id,
        group_dimension,
        group_value,
        count(case when arm = 'TREATMENT' then 1 end) as treatment_customers,
        count(case when arm = 'CONTROL' then 1 end) as control_customers,
        count(case when arm = 'BOTH' then 1 end) as both_arms_customers,
        count(case when arm = 'CONTROL' and is_written_to then 1 end) as contaminated_controls,
        count(case when arm = 'CONTROL' and is_treated_elsewhere then 1 end) as cross_treated_controls,
        count(case when first_touch_date < assigned_date then 1 end) as assigned_after_touch
    from members
    group by campaign_id, group_dimension, group_value
),

-- A campaign to which nobody was assigned has its row too: that is what is wrong with it.
groups as (
    select
        campaigns.campaign_id,
        coalesce(counts.group_dimension, 'all') as group_dimension,
        coalesce(counts.group_value, 'all') as group_value,
        coalesce(counts.treatment_customers, 0) as treatment_customers,
        coalesce(counts.control_customers, 0) as control_customers,
        coalesce(counts.both_arms_customers, 0) as both_arms_customers,
        coalesce(counts.contaminated_controls, 0) as contaminated_controls,
        coalesce(counts.cross_treated_controls, 0) as cross_treated_controls,
        coalesce(counts.assigned_after_touch, 0) as assigned_after_touch,
        campaigns.control_share as planned_control_share,
        campaigns.drawn_control_share,
        {{ sample_ratio_chi_square(
            'counts.treatment_customers', 'counts.control_customers',
            'coalesce(campaigns.drawn_control_share, campaigns.control_share)'
        ) }} as sample_ratio_chi_square
    from {{ ref('int_campaign__campaigns') }} as campaigns
    left join counts
        on campaigns.campaign_id = counts.campaign_id
),

tested as (
    select
        *,
        {{ chi_square_p('sample_ratio_chi_square') }} as sample_ratio_p
    from groups
)

select * from tested
