-- One month of card spending: credit-card purchases, and the point-of-sale payments of debit cards, which are core postings too.
create or replace table card.card_transactions as
with credit as (
    select n, n * 1000000 + {{ serial }} * 100 + i.i as k, is_white_collar, favourite_mcc, spend_cents, activated_date,
        date '{{ first }}' + pick([{{ day_slots | join(', ') }}], n * 1000000 + {{ serial }} * 100 + i.i, 'card day') as d
    from credit_card
    cross join lateral (select unnest(range(cast(floor(purchases * {{ season }} + u(n * 10000 + {{ serial }}, 'card count')) as bigint))) as i) as i
    where spend_cents > 0 and activated_date <= date '{{ last }}'
),
weighted as (
    select *, cast(floor(200 * skewed(k, 'card amount', 0.8)) as bigint) + 1 as weight
    from credit
    where d >= date '{{ activity_first }}' and d >= activated_date
),
charged as (
    select *, cast(cast(spend_cents as hugeint) * weight // sum(weight) over (partition by n) as bigint) as cents from weighted
),
spending as (
    select n, 2 as kind, k, d, 28800 + u_int(k, 'card second', 50000) as s, cents, favourite_mcc, is_white_collar,
        case when u(k, 'refund') < 0.015 then 'REFUND' else 'PURCHASE' end as transaction_type,
        case when cents > 50000 and u(k, 'instalments') < 0.04 then pick([3, 6, 12], k, 'instalments chosen') else 1 end as instalments,
        null as mcc
    from charged
    where cents > 0
    union all
    -- Instalment purchases that the coupon campaign brought, or that came without it.
    select conversion.n, 2, conversion.n * 1000000 + {{ serial }} * 100 + 90 + conversion.is_repurchase::int, converted_date, 50000, 150000 + u_int(conversion.n, 'coupon amount', 400000), '5732', false,
        'PURCHASE', pick([3, 6, 12], conversion.n, 'coupon instalments'), '5732'
    from conversion
    where conversion.c = 3 and converted_date between date '{{ activity_first }}' and date '{{ last }}'
    union all
    select posting.n, 1, posting.n * 1000000 + {{ serial }} * 100 + posting.code - 2000, posting.d, posting.s, posting.cents, debit_card.favourite_mcc, debit_card.is_white_collar, 'PURCHASE', 1, null
    from posting
    inner join debit_card using (n)
    where posting.channel = 'POS' and posting.transaction_type = 'PAYMENT' and posting.d >= debit_card.issued_date
),
placed as (
    select *, u(k + kind, 'shop kind') as v,
        case when n >= 2 and d + 3 <= date '{{ last }}' then u(k * 4 + kind, 'card dirt') else 1.0 end as dirt
    from spending
),
row as (
    select
        'W' || lpad(cast(n as varchar), 9, '0') || '{{ serial_text }}' || cast(kind as varchar) || lpad(cast(k % 100 as varchar), 2, '0') as card_transaction_id,
        'K' || lpad(cast(n as varchar), 9, '0') || cast(kind as varchar) as card_id,
        n, kind, d, s, cents, transaction_type, instalments, dirt, k,
        case
            when mcc is not null then mcc
            -- The planted white-collar group goes to the cinema, the karaoke bar and the beauty parlour.
            when is_white_collar and v < 0.16 then '7832'
            when is_white_collar and v < 0.28 then '7911'
            when is_white_collar and v < 0.40 then '7230'
            when is_white_collar and v < 0.48 then '7298'
            when v < 0.35 then cast(favourite_mcc as varchar)
            else pick(['5411', '5411', '5411', '5331', '5812', '5812', '5812', '5814', '5814', '4112', '4511', '7011', '5541', '5651', '5651', '5912', '8062', '4900', '4814',
                '5732', '5712', '5641', '8211', '7832', '7230', '7911', '5977', '7997', '5944'], k, 'shop')
        end as mcc,
        d as dt
    from placed
),
delivered as (
    select * replace (case when dirt >= 0.0009 and dirt < 0.0014 then '0000' else mcc end as mcc) from row
    union all
    select * from row where dirt < 0.0003
    union all
    select * replace ('Y' || card_transaction_id as card_transaction_id, -cents as cents) from row where dirt >= 0.0003 and dirt < 0.0006
    union all
    select * replace ('Y' || card_transaction_id as card_transaction_id, 'K9999999999' as card_id) from row where dirt >= 0.0006 and dirt < 0.0009
)
select
    card_transaction_id,
    card_id,
    d as transaction_date,
    clock(d, s) as transaction_at,
    transaction_type,
    yuan(cents) as amount,
    mcc,
    case when u(k, 'abroad') < 0.01 then pick(['JP', 'TH', 'SG', 'US', 'GB'], k, 'country') else 'CN' end as merchant_country,
    kind = 2 and u(k, 'online') < 0.45 as is_online,
    cast(instalments as integer) as instalments,
    dt
from delivered
order by dt, n, kind, s, card_transaction_id, cents;

insert into truth.dirt
with counted as (select card_transaction_id, transaction_date, card_id, amount, mcc, count(*) as deliveries from card.card_transactions group by all)
select 'exact_duplicate', 'card.card_transactions', card_transaction_id, transaction_date from counted where deliveries > 1
union all
select 'non_positive_amount', 'card.card_transactions', card_transaction_id, transaction_date from counted where amount <= 0
union all
select 'orphan_card', 'card.card_transactions', card_transaction_id, transaction_date from counted where card_id = 'K9999999999'
union all
select 'bad_mcc', 'card.card_transactions', card_transaction_id, transaction_date from counted where mcc = '0000' and card_id <> 'K9999999999';
