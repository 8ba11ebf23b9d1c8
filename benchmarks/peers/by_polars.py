"""The tags of by_hand.sql in Polars: ``python benchmarks/peers/by_polars.py RAW SEEDS AS_OF OUT.parquet``.

Lazy scans, the streaming engine, the same rules. Amounts are whole cents, so that sums are exact.
"""

import hashlib
import sys
from datetime import date, timedelta
from pathlib import Path

import polars as pl
from polars import col, selectors

raw, seeds, out = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[4]
AS_OF = date.fromisoformat(sys.argv[3])
MONTH_START = AS_OF.replace(day=1)
NEXT_DAY = AS_OF + timedelta(days=1)
AMOUNTS = {"amount", "balance", "market_value", "due_amount", "paid_amount", "outstanding_principal"}


def days_ago(days: int) -> date:
    return AS_OF - timedelta(days=days)


def landed(name: str, columns: str, since: date | None = None) -> pl.LazyFrame:
    """The delivered rows up to the business date; only partitions from ``since`` on are read."""
    frame = pl.scan_parquet(
        raw / name / "dt=*" / "*.parquet",
        hive_partitioning=True,
        hive_schema={"dt": pl.Date},
    ).filter(col("dt") <= AS_OF, col("loaded_at").is_not_null())
    if since:
        frame = frame.filter(col("dt") >= since)
    names = columns.split()
    cents = [(col(name) * 100).cast(pl.Int64) for name in names if name in AMOUNTS]
    return frame.select(*names, "dt", "loaded_at").with_columns(cents)


def seed(name: str) -> pl.LazyFrame:
    return pl.scan_csv(seeds / f"{name}.csv", infer_schema=False)


def key(name: str) -> pl.Expr:
    text = col(name).str.strip_chars(" ")
    return pl.when(text != "").then(text).alias(name)


def code(name: str) -> pl.Expr:
    return key(name).str.to_uppercase()


def unless_before(later: str, earlier: str) -> pl.Expr:
    return (col(later) >= col(earlier)).fill_null(True)


def in_last(day: str, days: int) -> pl.Expr:
    return (col(day) > days_ago(days)) & (col(day) <= AS_OF)


def latest(frame: pl.LazyFrame, *keys: str) -> pl.LazyFrame:
    """Of the versions of a thing, the last delivered."""
    return frame.sort("dt", "loaded_at").unique(keys, keep="last", maintain_order=True)


def first_deliveries(frame: pl.LazyFrame, *keys: str) -> pl.LazyFrame:
    """Rows delivered again are few: only they are sorted."""
    repeated = frame.group_by(keys).len().filter(col("len") > 1).select(keys)
    again = frame.join(repeated, on=keys, how="semi").sort("dt", "loaded_at").unique(keys, keep="first")
    return pl.concat([frame.join(repeated, on=keys, how="anti"), again])


def amount(condition: pl.Expr, of: str = "amount") -> pl.Expr:
    return col(of).filter(condition).sum()


# Who is who -----------------------------------------------------------------------------------------------------------

FULL_WIDTH = str.maketrans("０１２３４５６７８９ｘＸ", "0123456789XX", " 　")
WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)


def person_id(identity: dict[str, str | None]) -> str | None:
    """SHA-256 of a usable identity number: a resident number with its right check digit, or another document's."""
    number = (identity["id_no"] or "").translate(FULL_WIDTH).upper()
    is_resident = (
        len(number) == 18
        and number[:17].isdecimal()
        and number[17] == "10X98765432"[sum(w * int(d) for w, d in zip(WEIGHTS, number, strict=False)) % 11]
    )
    is_other = identity["id_type"] in ("PASSPORT", "OTHER") and len(number) >= 5 and len(set(number)) > 1
    return hashlib.sha256(number.encode()).hexdigest() if is_resident or is_other else None


def mobile() -> pl.Expr:
    written = col("mobile").str.replace_many(
        list("０１２３４５６７８９＋") + list("-－–()（） 　\t"), list("0123456789+") + [""] * 10
    )
    return written.str.extract(r"^(?:\+?86|0086)?(1[3-9][0-9]{9})$").alias("mobile")


def person_name() -> pl.Expr:
    text = col("name").str.replace_all("[ 　·]", "").str.to_uppercase()
    return pl.when(text != "").then(text).alias("name")


BORN = ((col("birth_date") >= date(1900, 1, 1)) & (col("birth_date") <= col("dt"))).fill_null(True)

customers = (
    latest(
        landed("core/customers", "customer_id name id_type id_no birth_date mobile opened_date closed_date status")
        .with_columns(key("customer_id"), code("status"), code("id_type"), mobile(), person_name())
        .filter(
            col("customer_id").is_not_null(),
            col("opened_date") <= col("dt"),
            col("status").is_in(["ACTIVE", "CLOSED"]),
            BORN,
            unless_before("closed_date", "opened_date"),
        ),
        "customer_id",
    )
    .with_columns(
        pl.struct("id_type", "id_no")
        .map_elements(person_id, return_dtype=pl.String, skip_nulls=False)
        .alias("person_id")
    )
    .collect(engine="streaming")
)
sha256 = col("id_no_sha256").str.strip_chars(" ").str.to_lowercase()
contacts = latest(
    landed("crm/contacts", "contact_id name birth_date mobile id_no_sha256 created_date")
    .with_columns(key("contact_id"), mobile(), person_name(), sha256.str.extract("^([0-9a-f]{64})$").alias("person_id"))
    .filter(col("contact_id").is_not_null(), col("created_date") <= col("dt"), BORN),
    "contact_id",
)
# Without an identity number, a record belongs where mobile, name and birth date lead, if they lead to one person.
TRIPLE = ["name", "birth_date", "mobile"]
persons = (
    pl.concat([frame.select(*TRIPLE, "person_id") for frame in (customers.lazy(), contacts)])
    .drop_nulls(TRIPLE)
    .group_by(TRIPLE)
    .agg(col("person_id").drop_nulls().n_unique().alias("ids"), col("person_id").min().alias("led_to"))
)
owners = (
    customers.lazy()
    .join(persons, on=TRIPLE, how="left")
    .with_columns(
        pl.when(col("person_id").is_not_null())
        .then("person_id")
        .when(col("ids") == 1)
        .then("led_to")
        .when(col("ids") == 0)
        .then(pl.concat_str("mobile", "name", col("birth_date").cast(pl.String)))
        .otherwise(pl.lit("record:") + col("customer_id"))
        .alias("person")
    )
    .sort("opened_date", "customer_id")
    .select(
        col("customer_id").alias("core_customer_id"),
        col("customer_id").first().over("person"),
        (col("status") == "ACTIVE").any().over("person").alias("is_active"),
        col("opened_date").min().over("person"),
    )
    .collect(engine="streaming")
    .lazy()
)


def owned(frame: pl.LazyFrame, *columns: str) -> pl.LazyFrame:
    """The rows with the customer that their core customer number stands for."""
    whose = owners.select("core_customer_id", col("customer_id").alias("owner_id"))
    joined = frame.join(whose, left_on="customer_id", right_on="core_customer_id")
    return joined.select(*columns, "customer_id", "owner_id")


accounts = (
    owned(
        latest(
            landed(
                "core/accounts",
                "account_id customer_id product_id currency opened_date closed_date maturity_date status",
            )
            .with_columns(key("account_id"), key("customer_id"), key("product_id"), code("currency"), code("status"))
            .filter(
                pl.all_horizontal(col("account_id", "customer_id", "product_id", "currency").is_not_null()),
                col("status").is_in(["ACTIVE", "DORMANT", "FROZEN", "CLOSED"]),
                col("opened_date") <= col("dt"),
                unless_before("closed_date", "opened_date"),
                unless_before("maturity_date", "opened_date"),
            ),
            "account_id",
        ),
        "account_id",
        "product_id",
        "currency",
        "closed_date",
    )
    .collect(engine="streaming")
    .lazy()
)

# What a foreign currency cost from when to when: a rate stands until the next one.
rates = (
    latest(
        landed("core/exchange_rates", "currency rate_date mid_rate")
        .with_columns(code("currency"))
        .filter(col("mid_rate") > 0, col("rate_date") <= col("dt"), col("currency") != "CNY"),
        "currency",
        "rate_date",
    )
    .sort("currency", "rate_date")
    .select(
        "currency",
        col("rate_date").alias("valid_from"),
        col("rate_date").shift(-1).over("currency").fill_null(NEXT_DAY).alias("rate_until"),
        # Hundred-millionths, so that products are exact.
        (col("mid_rate") * 100_000_000).cast(pl.Int64).alias("rate"),
    )
)


def in_yuan(cents: str) -> pl.Expr:
    """Cents at the rate of the row, rounded half away from zero; cents of yuan as they are."""
    product = col(cents) * col("rate")
    rounded = product.sign() * ((product.abs() + 50_000_000) // 100_000_000)
    return pl.coalesce(rounded, cents).alias(cents)


# AUM ------------------------------------------------------------------------------------------------------------------

products = (
    latest(
        landed("core/products", "product_id product_name product_category launched_date delisted_date")
        .with_columns(key("product_id"), key("product_name"), code("product_category"))
        .filter(col("product_name").is_not_null(), unless_before("delisted_date", "launched_date")),
        "product_id",
    )
    .join(seed("dictionaries/product_categories").filter(col("in_aum") == "true"), on="product_category")
    .select("product_id", "aum_component", "balance_source")
)


def of_source(source: str) -> pl.LazyFrame:
    return products.filter(col("balance_source") == source).drop("balance_source")


# A balance stands until the next one or the closing of its account. Only this month and 30 days ago are asked about: of
# what is older, the last balance stands for all. Of the deliveries of one day's balance, the last counts.
SINCE = min(MONTH_START, days_ago(30))
UNIT = ["owner_id", "unit", "currency", "closed_date", "aum_component"]
ORDER = ["stated_date", "dt", "loaded_at"]
ledgers = pl.concat(
    [
        landed("core/account_balances", "account_id balance_date balance")
        .with_columns(key("account_id"))
        .filter(col("balance").is_not_null(), col("balance_date") <= col("dt"))
        .join(accounts, on="account_id")
        .join(of_source("accounts"), on="product_id")
        .rename({"account_id": "unit", "balance_date": "stated_date"})
        .select(*UNIT, *ORDER, "balance"),
        owned(
            landed("wealth/holdings", "customer_id product_id holding_date market_value")
            .with_columns(key("customer_id"), key("product_id"))
            .filter(col("market_value") >= 0, col("holding_date") <= col("dt")),
            "product_id",
            col("holding_date").alias("stated_date"),
            col("market_value").alias("balance"),
            "dt",
            "loaded_at",
        )
        .join(of_source("holdings"), on="product_id")
        .with_columns(
            pl.concat_str("customer_id", pl.lit("/"), "product_id").alias("unit"),
            pl.lit(None, pl.String).alias("currency"),
            pl.lit(None, pl.Date).alias("closed_date"),
        )
        .select(*UNIT, *ORDER, "balance"),
    ]
)
balances = ledgers.group_by(*UNIT, pl.max_horizontal("stated_date", pl.lit(SINCE)).alias("balance_date")).agg(
    col("balance").sort_by(ORDER).last()
)
until = pl.min_horizontal(
    col("balance_date").shift(-1).over("unit", order_by="balance_date").fill_null(NEXT_DAY),
    col("closed_date").fill_null(NEXT_DAY),
)
days_in_month = (col("valid_to") - pl.max_horizontal("balance_date", pl.lit(MONTH_START))).dt.total_days()
stands = col("valid_to") > AS_OF
stood_30d_ago = (col("balance_date") <= days_ago(30)) & (col("valid_to") > days_ago(30))
standing = balances.with_columns(until.alias("valid_to")).filter(col("balance_date") < col("valid_to"))
# Each balance at the rates that stood while it did.
abroad = (
    standing.join(rates, on="currency")
    .filter(col("balance_date") < col("rate_until"), col("valid_to") > col("valid_from"))
    .with_columns(
        pl.max_horizontal("balance_date", "valid_from").alias("balance_date"),
        pl.min_horizontal("valid_to", "rate_until").alias("valid_to"),
        in_yuan("balance"),
    )
    .select(*UNIT, "balance_date", "balance", "valid_to")
)
at_home = standing.join(rates, on="currency", how="anti").select(*UNIT, "balance_date", "balance", "valid_to")
aum = (
    pl.concat([at_home, abroad])
    .group_by(col("owner_id").alias("customer_id"))
    .agg(
        amount(stands, "balance").alias("aum_spot"),
        amount(stands & (col("aum_component") == "deposit"), "balance").alias("aum_deposit_spot"),
        amount((col("balance_date") <= days_ago(30)) & (col("valid_to") > days_ago(30)), "balance").alias(
            "aum_30d_ago"
        ),
        (col("balance") * days_in_month.clip(0)).sum().alias("balance_days"),
    )
    .with_columns(
        (col("balance_days").cast(pl.Float64) / AS_OF.day)
        .round(0, mode="half_away_from_zero")
        .cast(pl.Int64)
        .alias("aum_month_avg")
    )
)

# Transactions ---------------------------------------------------------------------------------------------------------

delivered = first_deliveries(
    landed(
        "core/transactions",
        "transaction_id account_id transaction_date transaction_at direction amount transaction_type channel "
        "counterparty_account reverses_transaction_id",
    )
    .with_columns(
        *map(key, ("transaction_id", "account_id", "counterparty_account", "reverses_transaction_id")),
        *map(code, ("direction", "transaction_type", "channel")),
    )
    .filter(
        col("transaction_id").is_not_null(),
        col("direction").is_in(["IN", "OUT"]),
        col("amount") >= 0,
        col("transaction_date") <= col("dt"),
    ),
    "transaction_id",
    "transaction_date",
)

# What a reversal names, else the last posting before it of its account and amount; both are nothing.
posting = ["transaction_id", "transaction_date"]
names = col("reverses_transaction_id").is_not_null()
reversed_postings = (
    delivered.filter((col("transaction_type") == "REVERSAL") | names)
    .join(delivered, on=["account_id", "amount"], suffix="_reversed")
    .filter(
        col("direction") != col("direction_reversed"),
        pl.when(names)
        .then(col("reverses_transaction_id") == col("transaction_id_reversed"))
        .otherwise(col("transaction_at_reversed") <= col("transaction_at")),
        (col("transaction_date") - col("transaction_date_reversed"))
        .dt.total_days()
        .is_between(0, pl.when(names).then(180).otherwise(30)),
    )
    .sort("transaction_at_reversed")
    .unique(posting, keep="last", maintain_order=True)
)
nothing = pl.concat(
    [
        reversed_postings.select(posting),
        reversed_postings.select(col(f"{name}_reversed").alias(name) for name in posting),
    ]
)

initiators = seed("dictionaries/transaction_initiators")
kind = ["transaction_type", "direction"]
others = accounts.select(col("account_id").alias("counterparty_account"), col("owner_id").alias("other_owner_id"))
transactions = (
    delivered.join(nothing, on=posting, how="anti")
    .join(accounts.select("account_id", "owner_id", "currency"), on="account_id")
    .join(seed("dictionaries/transaction_types"), on="transaction_type")
    .join(others, on="counterparty_account", how="left")
    .filter(
        ~(
            (col("is_move") == "true")
            & (col("account_id") != col("counterparty_account"))
            & (col("owner_id") == col("other_owner_id"))
        ).fill_null(False)
    )
    .join(initiators.filter(col("channel").is_null()).drop("channel"), on=kind, how="left")
    .join(initiators.filter(col("channel").is_not_null()), on=[*kind, "channel"], how="left", suffix="_of_channel")
    .with_columns(pl.coalesce(f"{name}_of_channel", name).alias(name) for name in ("initiator", "is_activity"))
    .join(seed("dictionaries/channels").select("channel", "is_digital"), on="channel", how="left")
    .join(
        rates.select(
            "currency", pl.date_ranges("valid_from", "rate_until", closed="left").alias("transaction_date"), "rate"
        ).explode("transaction_date"),
        on=["currency", "transaction_date"],
        how="left",
    )
    .with_columns(in_yuan("amount"))
)
own, active = col("initiator") == "customer", col("is_activity") == "true"
in_7d, in_30d, in_90d, in_365d = (in_last("transaction_date", days) for days in (7, 30, 90, 365))
transfer = own & (col("category") == "transfer") & (col("direction") == "OUT") & in_30d
behaviour = transactions.group_by(col("owner_id").alias("customer_id")).agg(
    col("transaction_date").filter(active).max().alias("last_activity_date"),
    (active & in_365d).sum().alias("activity_count_365d"),
    amount(active & in_365d).alias("activity_amount_365d"),
    (own & in_7d).sum().alias("transaction_count_7d"),
    (own & in_30d).sum().alias("transaction_count_30d"),
    (own & in_90d).sum().alias("transaction_count_90d"),
    (own & in_365d).sum().alias("transaction_count_365d"),
    amount(own & in_30d).alias("transaction_amount_30d"),
    amount(own & in_90d).alias("transaction_amount_90d"),
    amount((col("direction") == "IN") & in_30d).alias("inflow_amount_30d"),
    amount((col("direction") == "OUT") & in_90d).alias("outflow_amount_90d"),
    transfer.sum().alias("transfer_count_30d"),
    amount(transfer).alias("transfer_amount_30d"),
    (own & (col("is_digital") == "true") & in_90d).sum().alias("digital_transaction_count_90d"),
    (own & (col("channel") == "COUNTER") & in_90d).sum().alias("counter_transaction_count_90d"),
    (own & (col("channel") == "ATM") & in_90d).sum().alias("atm_transaction_count_90d"),
    ((col("initiator") == "bank") & in_90d).sum().alias("bank_posting_count_90d"),
)

# Mobile bank, cards, loans --------------------------------------------------------------------------------------------

login = col("event_type") == "login"
app = (
    owned(
        landed("digital/app_events", "event_id customer_id device_id event_date event_at event_type", days_ago(29))
        .with_columns(key("event_id"), key("customer_id"), key("device_id"), key("event_type").str.to_lowercase())
        .filter(
            in_last("event_date", 30),
            col("event_date") <= col("dt"),
            pl.all_horizontal(col("event_id", "device_id", "event_at").is_not_null()),
            col("event_type").is_in(["login", "page_view", "click", "application_start", "application_submit"]),
        )
        .sort("dt", "loaded_at")
        .unique(["event_id", "event_date"], keep="first", maintain_order=True),
        "event_date",
        "event_type",
    )
    .group_by(col("owner_id").alias("customer_id"))
    .agg(
        col("event_date").n_unique().alias("app_active_days_30d"),
        (login & in_last("event_date", 7)).sum().alias("app_login_count_7d"),
        login.sum().alias("app_login_count_30d"),
    )
)
cards = owned(
    latest(
        landed("card/cards", "card_id customer_id card_type issued_date activated_date closed_date")
        .with_columns(key("card_id"), key("customer_id"), code("card_type"))
        .filter(
            pl.all_horizontal(col("card_id", "customer_id").is_not_null()),
            col("card_type").is_in(["DEBIT", "CREDIT"]),
            col("issued_date") <= col("dt"),
            unless_before("activated_date", "issued_date"),
            unless_before("closed_date", "issued_date"),
        ),
        "card_id",
    ),
    "card_id",
)
purchase = col("transaction_type") == "PURCHASE"
spending = (
    first_deliveries(
        landed(
            "card/card_transactions",
            "card_transaction_id card_id transaction_date mcc transaction_type amount",
            days_ago(364),
        )
        .with_columns(key("card_transaction_id"), key("card_id"), key("mcc"), code("transaction_type"))
        .filter(
            in_last("transaction_date", 365),
            col("transaction_date") <= col("dt"),
            pl.all_horizontal(col("card_transaction_id", "card_id").is_not_null()),
            col("transaction_type").is_in(["PURCHASE", "REFUND"]),
            col("amount") > 0,
        ),
        "card_transaction_id",
        "transaction_date",
    )
    .join(cards, on="card_id")
    .join(seed("dictionaries/merchant_categories").select("mcc", "consumption_category"), on="mcc", how="left")
    .with_columns(pl.when(purchase).then(col("amount")).otherwise(-col("amount")).alias("net"))
    .group_by(col("owner_id").alias("customer_id"))
    .agg(
        amount(in_90d, "net").alias("card_spending_amount_90d"),
        col("net").sum().alias("card_spending_amount_365d"),
        (purchase & in_90d).sum().alias("card_purchase_count_90d"),
        *[
            amount(in_90d & (col("consumption_category") == category), "net").alias(f"{category}_spending_amount_90d")
            for category in ("grocery", "dining", "travel")
        ],
    )
)
loans = owned(
    latest(
        landed(
            "lending/loans",
            "loan_id customer_id product_id loan_type status principal outstanding_principal granted_date"
            " maturity_date",
        )
        .with_columns(key("loan_id"), key("customer_id"), key("product_id"), code("loan_type"), code("status"))
        .filter(
            pl.all_horizontal(col("loan_id", "customer_id", "product_id").is_not_null()),
            col("loan_type").is_in(["MORTGAGE", "CONSUMER", "BUSINESS", "AUTO", "AGRICULTURE"]),
            col("status").is_in(["ACTIVE", "SETTLED", "WRITTEN_OFF"]),
            col("principal") > 0,
            col("outstanding_principal") >= 0,
            col("granted_date") <= col("dt"),
            unless_before("maturity_date", "granted_date"),
        ),
        "loan_id",
    ),
    "loan_id",
    "status",
    "outstanding_principal",
    "maturity_date",
)
instalments = latest(
    landed("lending/repayments", "loan_id instalment_no due_date due_amount paid_amount paid_date")
    .with_columns(key("loan_id"))
    .filter(
        col("loan_id").is_not_null(),
        col("instalment_no") >= 1,
        col("due_date").is_not_null(),
        col("due_amount") >= 0,
        col("paid_amount") >= 0,
        (col("paid_date") <= col("dt")).fill_null(True),
    ),
    "loan_id",
    "instalment_no",
).with_columns((col("due_amount") - col("paid_amount")).clip(0).alias("unpaid"))
# What is left when a loan has matured is due too, as far as no instalment says so.
left_over = (
    loans.filter(col("status") != "SETTLED")
    .join(
        instalments.group_by("loan_id").agg(
            col("due_date").max().alias("last_due_date"),
            col("unpaid").filter(col("due_date") < AS_OF).sum().alias("told"),
        ),
        on="loan_id",
        how="left",
    )
    .select(
        "loan_id",
        pl.max_horizontal("maturity_date", "last_due_date").alias("due_date"),
        pl.lit(None, pl.Date).alias("paid_date"),
        (col("outstanding_principal") - col("told").fill_null(0)).alias("unpaid"),
    )
    .filter(col("due_date") < AS_OF, col("unpaid") > 0)
)
due = pl.concat([instalments.filter(col("due_date") < AS_OF).select(left_over.collect_schema().names()), left_over])
unpaid, paid_late, standing = col("unpaid") > 0, col("paid_date") > col("due_date"), col("status") != "SETTLED"
# A loan on which nothing has fallen due is no day late.
days_late = pl.when(unpaid).then((pl.lit(AS_OF) - col("due_date")).dt.total_days()).otherwise(0)
arrears = (
    loans.join(due, on="loan_id", how="left")
    .group_by(col("owner_id").alias("customer_id"))
    .agg(
        amount(standing, "unpaid").alias("loan_overdue_amount"),
        (in_last("due_date", 365) & (unpaid | (col("paid_date") > col("due_date"))))
        .sum()
        .alias("loan_overdue_count_365d"),
        days_late.filter(standing).max().alias("loan_days_past_due_max"),
    )
)

# RFM and tier ---------------------------------------------------------------------------------------------------------

collected = pl.collect_all([aum, behaviour, app, spending, arrears], engine="streaming")
tags = owners.drop("core_customer_id").unique("customer_id")
for part in collected:
    tags = tags.join(part.lazy(), on="customer_id", how="left")
days_observed = (pl.lit(NEXT_DAY) - pl.max_horizontal("opened_date", pl.lit(days_ago(364)))).dt.total_days()
tags = (
    tags.with_columns((selectors.integer() - selectors.by_name("loan_days_past_due_max")).fill_null(0))
    .with_columns(
        (col("aum_spot") - col("aum_30d_ago")).alias("aum_change_30d"),
        (pl.lit(AS_OF) - col("last_activity_date")).dt.total_days().alias("activity_recency_days"),
        (col("activity_count_365d") / (days_observed.cast(pl.Float64) * 12 / 365).clip(1)).alias(
            "activity_monthly_avg_365d"
        ),
    )
    .collect()
)

# Fifths of the eligible customers, equals together, none at all in the lowest.
eligible = tags.filter(col("is_active"), (pl.lit(AS_OF) - col("opened_date")).dt.total_days() >= 90)
goodness = {
    "recency": (-col("activity_recency_days").fill_null(365).clip(upper_bound=365), -365),
    "frequency": (col("activity_monthly_avg_365d"), 0),
    "monetary": (col("aum_month_avg"), 0),
}
for axis, (value, none) in goodness.items():
    fifth = (5 * value.rank("max").cast(pl.Int64) + pl.len() - 1) // pl.len()
    eligible = eligible.with_columns(
        pl.when(value > none).then(fifth).otherwise(1).cast(pl.Int64).alias(f"rfm_{axis}_score")
    )
scores = [f"rfm_{axis}_score" for axis in goodness]
# The class is by the bands of policy: days since the last activity, activities a month, and the tier.
bands = seed("policy/rfm/rfm_bands").filter(col("currency") == "CNY", col("is_high") == "true").collect()
bounds = seed("policy/tiers/pyramid_tiers").filter(col("currency") == "CNY").collect()
high_tiers = bounds.join(seed("policy/rfm/rfm_tier_scores").filter(col("is_high") == "true").collect(), on="tier")
recency_below = bands.filter(col("axis") == "recency")["value_to"].cast(pl.Int64).max()
frequency_from = bands.filter(col("measure") == "activity_monthly_avg_365d")["value_from"].cast(pl.Float64).min()
monetary_from = high_tiers["aum_from"].cast(pl.Int64).min() * 100  # in cents
is_high = (
    (col("activity_recency_days") < recency_below).fill_null(False),
    col("activity_monthly_avg_365d") >= frequency_from,
    col("aum_month_avg") >= monetary_from,
)
highs = [high.cast(pl.Int8).cast(pl.String) for high in is_high]
rfm = (
    eligible.select("customer_id", *scores, pl.concat_str(highs).alias("rfm_pattern"))
    .join(seed("policy/rfm/rfm_classes").select("rfm_pattern", "rfm_class").collect(), on="rfm_pattern")
    .drop("rfm_pattern")
)
tiers = (
    seed("policy/tiers/pyramid_tiers")
    .filter(col("currency") == "CNY", col("valid_from").str.to_date() <= AS_OF)
    .filter((col("valid_to").str.to_date() > AS_OF).fill_null(True))
    .with_columns((col("aum_from").cast(pl.Int64) * 100).fill_null(-(10**17)).alias("aum_from"))
    .sort("aum_from")
    .collect()
)
for measure, tag in {"aum_month_avg": "aum_tier", "aum_spot": "aum_tier_spot"}.items():
    bounds = tiers.select("aum_from", col("tier").alias(tag))
    tags = (
        tags.sort(measure)
        .join_asof(bounds, left_on=measure, right_on="aum_from")
        .drop("aum_from")
        .with_columns(pl.when("is_active").then(tag).alias(tag))
    )
in_cents = [name for name in tags.columns if "amount" in name or (name.startswith("aum_") and "tier" not in name)]
(
    tags.join(rfm, on="customer_id", how="left")
    .with_columns(col("rfm_class").fill_null("not_applicable"))
    .with_columns((col(in_cents) / 100).cast(pl.Decimal(18, 2)))
    .drop("is_active", "opened_date", "last_activity_date", "aum_30d_ago", "balance_days")
    .write_parquet(out)
)
