-- One month of card spending: credit-card purchases, and the point-of-sale payments of debit cards, which are core postings too.
create temp table spending as
with credit as (
    select n, n * 1000000 + {{ serial }} * 100 + i.i as k, is_graduate_shopper, favourite_mcc, spend_cents, activated_date, null as mcc,
        date '{{ first }}' + pick([{{ day_slots | join(', ') }}], n * 1000000 + {{ serial }} * 100 + i.i, 'card day') as d
    from credit_card
    cross join lateral (select unnest(range(cast(floor(purchases * {{ season }} + u(n * 10000 + {{ serial }}, 'card count')) as bigint))) as i) as i
    where spend_cents > 0 and activated_date <= date '{{ last }}'
    union all
    -- The planted white-collar group goes to the cinema, the karaoke bar and the beauty parlour, beside all that others do.
    select n, n * 1000000 + {{ serial }} * 100 + outing.i, is_graduate_shopper, favourite_mcc, spend_cents, activated_date, outing.mcc,
        date '{{ first }}' + pick([{{ day_slots | join(', ') }}], n * 1000000 + {{ serial }} * 100 + outing.i, 'card day')
    from credit_card
    cross join (values (80, '7832'), (81, '7911'), (82, '7230')) as outing (i, mcc)
    where is_white_collar and spend_cents > 0 and activated_date <= date '{{ last }}' and u(n * 1000000 + {{ serial }} * 100 + outing.i, 'goes out') < 0.6
),
weighted as (
    -- An evening out costs less than most of what is bought.
    select *, cast(floor(case when mcc is null then 200 else 50 end * skewed(k, 'card amount', 0.8)) as bigint) + 1 as weight
    from credit
    where d >= date '{{ activity_first }}' and d >= activated_date
),
charged as (
    select *, spend_cents * weight // cast(sum(weight) over (partition by n) as bigint) as cents from weighted
),
purchase as (
    select n, 2 as kind, k, d, 28800 + u_int(k, 'card second', 50000) as s, cents, favourite_mcc, is_graduate_shopper,
        case when u(k, 'refund') < 0.015 then 'REFUND' else 'PURCHASE' end as transaction_type,
        case when cents > 50000 and u(k, 'instalments') < 0.04 then pick([3, 6, 12], k, 'instalments chosen') else 1 end as instalments,
        mcc
    from charged
    where cents > 0
    union all
    -- Instalment purchases that the coupon campaign brought, or that came without it.
    select conversion.n, 2, conversion.n * 1000000 + {{ serial }} * 100 + 90 + conversion.is_repurchase::int, converted_date, 50000, 150000 + u_int(conversion.n, 'coupon amount', 400000), '5732', false,
        'PURCHASE', pick([3, 6, 12], conversion.n, 'coupon instalments'), '5732'
    from conversion
    where conversion.c = 3 and converted_date between date '{{ activity_first }}' and date '{{ last }}'
    union all
    select posting.n, 1, posting.n * 1000000 + {{ serial }} * 100 + posting.code - 2000, posting.d, posting.s, posting.cents, debit_card.favourite_mcc, false, 'PURCHASE', 1, null
    from posting
    inner join debit_card using (n)
    where posting.channel = 'POS' and posting.transaction_type = 'PAYMENT' and posting.d >= debit_card.issued_date
),
placed as (
    select *, u(k + kind, 'shop kind') as v,
        case when n >= 2 and d + 3 <= date '{{ last }}' then u(k * 4 + kind, 'card dirt') else 1.0 end as dirt
    from purchase
)
select
    n, kind, d, s, cents, cast(transaction_type as spending_type) as transaction_type, instalments, dirt, k, 0 as is_extra,
    is_graduate_shopper and kind = 2 and u(k, 'abroad') < 0.35 as is_bought_abroad,
    cast(case
        when mcc is not null then mcc
        when v < 0.35 then cast(favourite_mcc as varchar)
        else pick(['5411', '5411', '5411', '5331', '5812', '5812', '5812', '5814', '5814', '4112', '4511', '7011', '5541', '5651', '5651', '5912', '8062', '4900', '4814',
            '5732', '5712', '5641', '8211', '7832', '7230', '7911', '5977', '7997', '5944'], k, 'shop')
    end as mcc) as mcc
from placed;

create temp table dirty_spending as
select *, 'exact_duplicate' as dirt_kind from spending where dirt < 0.0003
union all
select * replace (1 as is_extra, -cents as cents), 'non_positive_amount' from spending where dirt >= 0.0003 and dirt < 0.0006
union all
select * replace (1 as is_extra), 'orphan_card' from spending where dirt >= 0.0006 and dirt < 0.0009
union all
select * replace (cast('0000' as mcc) as mcc), 'bad_mcc' from spending where dirt >= 0.0009 and dirt < 0.0014;

insert into truth.dirt
select dirt_kind, 'card.card_transactions', spending_key(k, kind, is_extra), d from dirty_spending;

create temp view card_transactions as
select
    spending_key(k, kind, is_extra) as card_transaction_id,
    case when dirt_kind = 'orphan_card' then card_key(n + 700000000, kind) else card_key(n, kind) end as card_id,
    d as transaction_date,
    clock(d, s) as transaction_at,
    transaction_type,
    yuan(cents) as amount,
    mcc,
    cast(case when is_bought_abroad or u(k, 'abroad') < 0.01 then pick(['JP', 'TH', 'SG', 'US', 'GB'], k, 'country') else 'CN' end as country) as merchant_country,
    is_bought_abroad or kind = 2 and u(k, 'online') < 0.45 as is_online,
    cast(instalments as integer) as instalments,
    d as dt
from (
    select *, null as dirt_kind from spending where dirt < 0.0009 or dirt >= 0.0014
    union all
    select * from dirty_spending
    order by d, n, kind, s, k, is_extra, cents
);
