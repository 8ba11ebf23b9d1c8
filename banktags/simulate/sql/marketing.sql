-- Campaigns with a random control arm, and the conversions that they cause: each customer has a planned outcome with and
-- without treatment, so the true effect is known. The first three resemble the campaign table of the source documents.

create table campaign (
    c integer, campaign_id varchar, campaign_name varchar, goal varchar, product_id varchar, p integer, cat integer, start_date date, end_date date,
    control_share double, window_days integer, share_of_customers double, click_rate double, treated_rate double, control_rate double, repurchase_rate double,
    channel varchar, cost_per_touch bigint, first_conversion_day integer
);
insert into campaign values
    (1, 'CAMP-PRIVATE-FUND', '私募专属 高净值理财型', 'AUM', 'WP04', 24, 2, date '{{ end }}' - 75, date '{{ end }}' - 15, 0.1, 30, 0.10, 0.28, 0.07, 0.045, 0.43, 'WECOM', 1200, 1),
    (2, 'CAMP-DEPOSIT-RATE', '定存加息 普通存款型', 'AUM', 'TD03', 13, 1, date '{{ end }}' - 90, date '{{ end }}' - 30, 0.1, 30, 0.25, 0.19, 0.04, 0.03, 0.25, 'SMS', 10, 1),
    (3, 'CAMP-INSTALMENT', '分期免息券 消费贷款偏好型', 'CONVERSION', 'CC01', 101, 10, date '{{ end }}' - 60, date '{{ end }}' - 20, 0.2, 30, 0.15, 0.35, 0.10, 0.06, 0.5, 'APP', 30, 1),
    (4, 'CAMP-RECALL', '沉睡客户唤醒', 'RETENTION', 'WP01', 21, 0, date '{{ end }}' - 100, date '{{ end }}' - 70, 0.2, 30, 0.08, 0.06, 0.0, 0.0, 0.0, 'SMS', 10, 1),
    -- Use, and no purchase: whoever it wakes logs in on six days more.
    (5, 'CAMP-APP-ACTIVE', '手机银行月月登 激活', 'ACTIVATION', null, null, 0, date '{{ end }}' - 45, date '{{ end }}' - 12, 0.3, 30, 0.10, 0.4, 0.45, 0.10, 0.0, 'SMS', 10, 1),
    -- These run on the last day. The first offers the product of CAMP-PRIVATE-FUND to some of its controls, and sells after its window.
    (6, 'CAMP-PRIVATE-AGAIN', '私享稳健加推 财富客群', 'AUM', 'WP04', 24, 2, date '{{ end }}' - 52, date '{{ end }}' + 6, 0.1, 30, 0.08, 0.3, 0.07, 0.045, 0.0, 'APP', 30, 8),
    (7, 'CAMP-SUMMER-DEPOSIT', '夏季定存加息 普通存款型', 'AUM', 'TD02', 12, 1, date '{{ end }}' - 20, date '{{ end }}' + 25, 0.1, 30, 0.08, 0.2, 0.05, 0.03, 0.0, 'SMS', 10, 1);
-- Short banks have no room for campaigns that began before their first week.
delete from campaign where start_date < date '{{ start }}' + 5;

-- Arms: the same hash for each customer and campaign, so that the split is random, fair and frozen.
create table assignment as
with eligible as (
    select campaign.c, person.n,
        row_number() over (partition by campaign.c order by campaign.c = 6 and person.tier > 3, draw(person.n * 16 + campaign.c, 'invited'), person.n) as place,
        count(*) over (partition by campaign.c, person.tier > 3) as of_kind,
        campaign.c = 6 and person.tier <= 3 as is_asked_again
    from campaign
    inner join person on person.n >= 2 and not person.is_second and person.single_product is null and person.opened_date < campaign.start_date - 10
    left join credit_card using (n)
    where case campaign.c
        when 1 then person.tier <= 3 and person.stage in ('mature', 'growing', 'declining')
        when 2 then person.tier >= 4 and person.stage in ('mature', 'growing', 'declining') and person.assets > 50000
        when 3 then credit_card.n is not null and credit_card.overdue_days is null and credit_card.activated_date < campaign.start_date
        when 5 then person.is_app_user and person.stage in ('mature', 'growing', 'declining')
        when 6 then person.stage in ('mature', 'growing', 'declining')
            and (person.tier <= 3 and u(person.n * 16 + 1, 'arm') < 0.1 or person.tier = 4)
        when 7 then person.tier >= 4 and person.stage in ('mature', 'growing', 'declining') and person.assets > 50000
        else person.stage = 'dormant' end
)
select
    eligible.c,
    eligible.n,
    eligible.is_asked_again,
    case when u(eligible.n * 16 + eligible.c, 'arm') < campaign.control_share then 'CONTROL' else 'TREATMENT' end as arm,
    campaign.start_date - 1 as assigned_date,
    u(eligible.n * 16 + eligible.c, 'outcome') < campaign.treated_rate as converts_if_treated,
    u(eligible.n * 16 + eligible.c, 'outcome') < campaign.control_rate as converts_if_control
from eligible
inner join campaign using (c)
where eligible.place <= round(campaign.share_of_customers * {{ customers }})
    -- A fifth of the controls of the other campaign, and some of a small bank's.
    and (not eligible.is_asked_again or eligible.place <= greatest(3, eligible.of_kind // 5))
order by c, n;

-- Conversions within the window, and a second purchase within sixty days of some.
create table conversion as
with first as (
    select assignment.c, assignment.n, campaign.cat, campaign.p, false as is_repurchase, campaign.repurchase_rate,
        campaign.start_date + campaign.first_conversion_day + cast(u_int(assignment.n * 16 + assignment.c, 'converted', campaign.window_days - 1 - campaign.first_conversion_day) as integer) as converted_date
    from assignment
    inner join campaign using (c)
    where case arm when 'TREATMENT' then converts_if_treated else converts_if_control end
),
again as (
    select * replace (true as is_repurchase, converted_date + 10 + cast(u_int(n * 16 + c, 'again', 20) as integer) as converted_date)
    from first
    where u(n * 16 + c, 'repurchases') < repurchase_rate
)
select
    everything.c, everything.n, everything.cat, everything.p, everything.is_repurchase, everything.converted_date,
    cast(greatest(100000, round(person.assets * case when person.tier = 5 then 0.06 else 0.008 end, -4)) as bigint) as buy_cents
from (select * from first union all select * from again) as everything
inner join person using (n)
where everything.converted_date < date '{{ end }}'
order by everything.c, everything.n, everything.is_repurchase;

-- A few movers cross a tier bound three days before the end: their spot tier differs from the tier of their month average.
create table mover as
select n, tier, 'up' as direction, cast(1.08 * high - assets as bigint) as buy_cents, cast(null as bigint) as sell_cents
from person
where {{ movers }} and tier between 3 and 4 and n >= 2 and stage = 'mature' and assets > 0.84 * high
union all
select n, tier, 'down', null, cast(0.45 * low as bigint)
from person
where {{ movers }} and tier between 2 and 4 and n >= 2 and assets < low
order by n;

create temp view campaigns as
select
    campaign_id, campaign_name, goal, product_id, start_date, end_date, control_share, window_days as conversion_window_days,
    greatest(date '{{ start }}', start_date - 7) as dt
from campaign
union all
-- Planned, and nobody assigned or touched: what `banktags audience freeze` draws the arms of.
select
    campaign_id, campaign_name, goal, product_id, date '{{ end }}' + begins_in, date '{{ end }}' + begins_in + 45, 0.1, 30,
    greatest(date '{{ start }}', date '{{ end }}' - 5)
from (
    values
        ('SPRING', '理财推广季 理财推广', 'AUM', 'WP03', 3),
        ('CAMP-DEPOSIT-RECALL', '存款回流 沉睡客户唤醒', 'RETENTION', 'TD01', 1),
        ('CAMP-NEW-CARD', '新户办卡 新客户开卡', 'CONVERSION', 'CC01', 7)
) as planned (campaign_id, campaign_name, goal, product_id, begins_in)
{%- if updown_contact %}
union all
-- No audience and no controls: what relationship managers do about alerts.
select 'CARE-RETENTION', '专属方案挽留 客户经理', 'RETENTION', null, date '{{ start }}', date '{{ end }}', 0, 90, date '{{ start }}'
{%- endif %}
order by dt, campaign_id;

create temp view assignments as
select campaign.campaign_id, customer_key(assignment.n) as customer_id, assignment.arm, assignment.assigned_date, assignment.assigned_date as dt
from assignment
inner join campaign using (c)
order by dt, campaign.c, assignment.n;

-- Touches: each treated customer is sent one message (three waves of days), and the funnel narrows from there. Controls are left
-- alone, but for a planted few.
create temp table touches as
with target as (
    select assignment.c, assignment.n, campaign.campaign_id, campaign.click_rate, campaign.start_date + case when is_asked_again then 0 else 7 * cast(u_int(assignment.n * 16 + assignment.c, 'wave', 3) as integer) end as sent_date,
        case when u(assignment.n * 16 + assignment.c, 'touch channel') < 0.75 then campaign.channel else pick(['SMS', 'APP', 'PHONE', 'WECOM', 'BRANCH'], assignment.n * 16 + assignment.c, 'other channel') end as channel,
        u(assignment.n * 16 + assignment.c, 'funnel') as f,
        assignment.n * 16 + assignment.c as k
    from assignment
    inner join campaign using (c)
    where assignment.arm = 'TREATMENT' or u(assignment.n * 16 + assignment.c, 'contaminated') < 0.004
),
step (step, touch_status, seconds) as (values (1, 'sent', 0), (2, 'delivered', 5), (3, 'opened', 1800), (4, 'clicked', 1860), (5, 'replied', 5400), (6, 'unsubscribed', 5400))
select
    cast(1000000000000 + target.k * 10 + step.step as varchar) as touch_id,
    target.campaign_id,
    customer_key(target.n) as customer_id,
    target.sent_date as touch_date,
    clock(target.sent_date, 36000 + u_int(target.k, 'sent at', 18000) + step.seconds) as touch_at,
    target.channel,
    step.touch_status,
    target.sent_date as dt
from target
inner join step on case step.step
    when 1 then true
    when 2 then target.f < 0.97
    when 3 then target.f < least(0.9, target.click_rate * 1.9)
    when 4 then target.f < target.click_rate
    when 5 then target.f < target.click_rate * 0.12
    else target.f between 0.955 and 0.96 end
{%- if updown_contact %}
union all
-- DEMO-UPDOWN is called when the alert of their fall is due: reached, and they answer.
select
    cast(1999999999990 + step as varchar), 'CARE-RETENTION', customer_key(1), date '{{ updown_contact }}',
    clock(date '{{ updown_contact }}', 36000 + 60 * step), 'PHONE', touch_status, date '{{ updown_contact }}'
from (values (1, 'sent'), (2, 'delivered'), (3, 'replied')) as call (step, touch_status)
{%- endif %}
order by dt, touch_id;

insert into truth.dirt
select 'control_contacted', 'marketing.touches', touches.customer_id, min(touches.touch_date)
from touches
inner join assignments using (campaign_id, customer_id)
where assignments.arm = 'CONTROL'
group by touches.campaign_id, touches.customer_id;

-- Controls who were written to for another campaign of the same product while their own window was open.
create table truth.cross_treated_controls as
select distinct campaign.campaign_id, customer_key(assignment.n) as customer_id, other.campaign_id as other_campaign_id
from assignment
inner join campaign on assignment.c = campaign.c
inner join campaign as other on campaign.product_id = other.product_id and campaign.c <> other.c
inner join touches on other.campaign_id = touches.campaign_id and customer_key(assignment.n) = touches.customer_id
where assignment.arm = 'CONTROL' and touches.touch_status = 'sent'
    and touches.touch_date between assignment.assigned_date and assignment.assigned_date + campaign.window_days;

create temp view costs as
select
    campaign_id || '-' || strftime(touch_date, '%m%d') || '-' || touches.channel as cost_id,
    campaign_id,
    touch_date as cost_date,
    touches.channel,
    yuan(count(*) * any_value(cost_per_touch) + 20000) as amount,
    touch_date as dt
from touches
inner join campaign using (campaign_id)
where touch_status = 'sent'
group by campaign_id, touch_date, touches.channel
order by dt, cost_id;
