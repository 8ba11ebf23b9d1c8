-- What was planted, for tests to compare with. No model reads it.
create table truth.customers as
select
    person.customer_id,
    customer_key(person.self) as person_customer_id,
    person.is_second as is_second_number,
    case when person.stage <> 'churned' then person.tier end as tier,
    case when person.stage <> 'churned' then tier.tier_name end as tier_name,
    person.stage,
    person.churn_hazard,
    person.opened_date,
    person.closed_date,
    person.dormant_from,
    yuan(person.assets) as assets_at_end,
    person.single_product,
    person.is_white_collar,
    person.is_graduate_shopper,
    mover.direction as mover,
    contact_key(contact.n) as contact_id,
    contact.recognised_by
from person
inner join tier using (tier)
left join mover on person.n = mover.n
left join contact on person.n = contact.n;

create table truth.treatment_effects as
select
    campaign.campaign_id,
    campaign.control_share,
    campaign.treated_rate,
    campaign.control_rate,
    campaign.treated_rate - campaign.control_rate as true_effect,
    count(assignment.n) as assigned,
    count(case when assignment.arm = 'CONTROL' then 1 end) as control,
    count(case when assignment.arm = 'TREATMENT' and converts_if_treated then 1 end) as planted_treated_conversions,
    count(case when assignment.arm = 'CONTROL' and converts_if_control then 1 end) as planted_control_conversions
from campaign
left join assignment using (c)
group by all;

create table truth.outcomes as
select campaign.campaign_id, customer_key(assignment.n) as customer_id, assignment.arm, converts_if_treated, converts_if_control
from assignment
inner join campaign using (c);
