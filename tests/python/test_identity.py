"""Who is who over three nights of a small bank: numbers corrected, filled in, shared, carried by many, issued again."""

import ast
import csv
import datetime
import hashlib
import re
from itertools import pairwise
from pathlib import Path

import duckdb
import pytest
from dbt.adapters.duckdb.connections import DuckDBConnectionManager
from dbt.cli.main import dbtRunner
from dbt_warehouse import Warehouse, hashed
from typer.testing import CliRunner

from banktags.cli import app
from banktags.contract import PROJECT_ROOT, STAGING, read_contract

NIGHTS = [datetime.date(2026, 6, day) for day in (28, 29, 30)]
MODELS = (
    "+int_customer__id_mapping",
    "+int_customer__conflicts",
    "+int_customer__household",
    "+int_transactions__windows_365d",
    "+int_transactions__last_activity",
    "+int_accounts__customer",
    "+int_aum__by_category",
    "+int_card__spending",
    "+int_device__owners",
)
TESTS = ("one_customer_per_identifier", "one_owner_a_day", "one_household_per_declaration")
#: Two resident numbers with right check digits.
FIRST_NUMBER, SECOND_NUMBER = "110101198501020012", "110101199006013012"
#: Longest chain of a household: each person names the next as head.
CHAIN = [f"H{number:02}" for number in range(40)]


def digest(number: str) -> str:
    return hashlib.sha256(number.encode()).hexdigest()


def customer(key: str, **known) -> dict:
    return {"customer_id": key, "status": "ACTIVE", "opened_date": "2018-03-01"} | known


def contact(key: str, **known) -> dict:
    return {"contact_id": key, "created_date": "2018-03-01"} | known


def account(key: str, owner: str, **known) -> dict:
    given = {"account_id": key, "customer_id": owner, "product_id": "DD", "currency": "CNY", "status": "ACTIVE"}
    return given | {"opened_date": "2018-03-01"} | known


def posting(key: str, account_id: str, date: str, amount: int) -> dict:
    given = {"transaction_id": key, "account_id": account_id, "transaction_date": date, "amount": f"{amount}.00"}
    return given | {"transaction_at": f"{date} 10:00:00", "direction": "OUT", "transaction_type": "TRANSFER"}


def spending(key: str, card_id: str, date: str, amount: int) -> dict:
    given = {"card_transaction_id": key, "card_id": card_id, "transaction_date": date, "amount": f"{amount}.00"}
    return given | {"transaction_at": f"{date} 10:00:00", "transaction_type": "PURCHASE", "mcc": "5812"}


def card(key: str, owner: str, issued: str, closed: str = "") -> dict:
    return {"card_id": key, "customer_id": owner, "card_type": "CREDIT", "issued_date": issued, "closed_date": closed}


def placeholders() -> tuple[list[dict], list[dict]]:
    """Twelve persons whose numbers are filled in, the contacts of four of them with hashes of what is filled in."""
    filled = ["UNKNOWN", "12345678", "987654321", "0000000", "NOTAVAILABLE", "ABCDEFGH"]
    customers = [
        customer(f"P{n:02}", name=f"占位{n}", id_type="PASSPORT", id_no=filled[n % 6], birth_date=f"19{60 + n}-01-01")
        for n in range(12)
    ]
    hashed = ["UNKNOWN", "unknown", "无", "", "0", "000000000000000000", "123456789012345678", "身份证", "N/A", "NULL"]
    contacts = [
        contact(f"KP{n}", name=f"联系{n}", id_no_sha256=digest(filling)) for n, filling in enumerate(hashed * 2)
    ]
    return customers, contacts


def first_night() -> dict[str, list[dict]]:
    filled_customers, filled_contacts = placeholders()
    return {
        "core.customers": [
            # X was opened with the number of F by mistake.
            customer(
                "F", name="王一", id_type="IDC", id_no=FIRST_NUMBER, birth_date="1985-01-02", mobile="13800000001"
            ),
            customer(
                "X", name="误录", id_type="IDC", id_no=FIRST_NUMBER, mobile="13911110001", opened_date="2019-03-01"
            ),
            *filled_customers,
            # Three persons under one good number; five under another, of whom the names alone are known.
            *(
                customer(
                    f"S{n}", name=f"同号{n}", id_type="PASSPORT", id_no="E87654321", birth_date=f"19{50 + 10 * n}-05-03"
                )
                for n in range(3)
            ),
            *(customer(f"M{n}", name=f"多人{n}", id_type="PASSPORT", id_no="E11223344") for n in range(5)),
            # Nobody's name under a number of zeros, the same birth date: two persons.
            *(customer(f"N{n}", name="无", mobile="13900000000", birth_date="1980-01-01") for n in range(2)),
            *(customer(f"O{n}", name="不详", mobile="13900001111", birth_date="1980-01-01") for n in range(2)),
            customer("HK", name="陳一", mobile="852-9123 4567", birth_date="1990-01-01"),
            customer("NUMBERED", name="客户", mobile="13800138001"),
            customer("OLD_OWNER"),
            customer("NEW_OWNER"),
            *(customer(key) for key in CHAIN),
        ],
        # Without customer_id: an extract of the contract before.
        "crm.contacts": [
            contact("KF", name="王一", id_no_sha256=digest(FIRST_NUMBER), birth_date="1985-01-02"),
            contact("KHK", name="陳一", mobile="+852 91234567", birth_date="1990-01-01"),
            contact("KNUMBERED", name="客户", mobile="13800138001"),
            *filled_contacts,
            *(contact(f"K{key}", id_no_sha256=digest(key)) for key in CHAIN),
        ],
        "crm.relations": [
            {
                "relation_id": f"R{number}",
                "from_contact_id": f"K{member}",
                "to_contact_id": f"K{head}",
                "relation_type": "HOUSEHOLD",
                "since_date": "2020-01-01",
            }
            for number, (member, head) in enumerate(pairwise(CHAIN))
        ],
        "core.products": [{"product_id": "DD", "product_category": "DEMAND_DEPOSIT", "product_name": "活期"}],
        "core.accounts": [
            account("REISSUED", "OLD_OWNER"),
            account("HANDED_ON", "OLD_OWNER"),
        ],
        "core.account_balances": [
            {"account_id": key, "balance_date": "2026-06-01", "balance": "900.00"} for key in ("REISSUED", "HANDED_ON")
        ],
        "core.transactions": [
            posting("T1", "REISSUED", "2026-02-01", 11),
            posting("T2", "HANDED_ON", "2026-02-02", 22),
        ],
        "card.cards": [card("CARD", "OLD_OWNER", "2020-01-01")],
        "card.card_transactions": [spending("S1", "CARD", "2026-03-01", 33)],
        "digital.devices": [{"device_id": "PHONE", "customer_id": "OLD_OWNER", "first_seen_date": "2025-01-01"}],
    }


def second_night() -> dict[str, list[dict]]:
    corrected = {"id_type": "IDC", "id_no": SECOND_NUMBER, "mobile": "13911110001", "opened_date": "2019-03-01"}
    return {
        "core.customers": [customer("X", name="误录", **corrected)],
        "crm.contacts": [
            contact("KNUMBERED", customer_id="NUMBERED", name="客户", mobile="13800138001"),
            contact("KELSEWHERE", customer_id="NOBODY", name="别人"),
        ],
        "core.accounts": [
            account("REISSUED", "NEW_OWNER", opened_date="2026-06-20"),
            account("HANDED_ON", "NEW_OWNER"),
        ],
        "core.transactions": [
            posting("T3", "REISSUED", "2026-06-19", 100),
            posting("T4", "REISSUED", "2026-06-20", 1000),
            posting("T5", "HANDED_ON", "2026-06-29", 10_000),
        ],
        "card.cards": [card("CARD", "NEW_OWNER", "2026-06-25")],
        "card.card_transactions": [
            spending("S2", "CARD", "2026-06-24", 44),
            spending("S3", "CARD", "2026-06-25", 55),
        ],
        "digital.devices": [{"device_id": "PHONE", "customer_id": "NEW_OWNER", "first_seen_date": "2026-06-29"}],
    }


def test_what_the_contract_calls_optional_is_optional_everywhere():
    """In the locations that sources are read from, and in the columns that unit tests are given."""
    optional = {
        name: {column.name: column.data_type for column in table.columns if column.is_optional}
        for name, table in read_contract().items()
        if any(column.is_optional for column in table.columns)
    }
    macro = (PROJECT_ROOT / "macros" / "engine" / "get_columns_in_relation.sql").read_text(encoding="utf-8")
    assert ast.literal_eval(re.search(r"return\((\{.*?\})\)", macro, re.DOTALL)[1]) == optional
    for name, columns in optional.items():
        system = name.partition(".")[0]
        sources = STAGING / system / f"_{system}__sources.yml"
        for column, data_type in columns.items():
            stored = {"string": "varchar"}.get(data_type, data_type)
            assert f"cast(null as {stored}) as {column}" in sources.read_text(encoding="utf-8")


class Bank:
    """The bank's extracts, landed night by night, and the warehouse as it stood after each night."""

    def __init__(self, folder: Path, patch: pytest.MonkeyPatch) -> None:
        self.warehouse = Warehouse(folder, folder / "raw")
        self.contract = read_contract()
        for name, value in self.warehouse.environment().items():
            patch.setenv(name, value)
        self.manifest = self._dbt(dbtRunner(), "parse")
        self.failures: dict[datetime.date, list[str]] = {}

    def _dbt(self, runner: dbtRunner, *arguments: str):
        folders = ("--project-dir", str(PROJECT_ROOT), "--profiles-dir", str(PROJECT_ROOT))
        result = runner.invoke(["--quiet", *arguments, *folders])
        DuckDBConnectionManager.close_all_connections()
        assert not result.exception, result.exception
        return result.result

    def land(self, night: datetime.date, delivered: dict[str, list[dict]]) -> None:
        folder = self.warehouse.folder / str(night)
        folder.mkdir()
        for table, rows in delivered.items():
            named = {name for row in rows for name in row}
            optional = {column.name for column in self.contract[table].columns if column.is_optional} - named
            header = [c for c in self.contract[table].column_names if c not in {"loaded_at", "dt"} | optional]
            with (folder / f"{table.replace('.', '__')}.csv").open("w", newline="", encoding="utf-8") as file:
                writer = csv.DictWriter(file, header)
                writer.writeheader()
                writer.writerows(rows)
        result = CliRunner().invoke(app, ["load", str(folder), "--date", str(night)])
        assert result.exit_code == 0, result.output

    def forget_column(self, table: str, column: str) -> None:
        """Make what is landed of a table as it was before the contract had the column."""
        for path in self.warehouse.raw.joinpath(*table.split(".")).glob("dt=*/*.parquet"):
            before = duckdb.read_parquet(str(path), hive_partitioning=False).project(f"* exclude ({column})")
            before.write_parquet(f"{path}.before")
            path.with_name(f"{path.name}.before").replace(path)

    def build(self, night: datetime.date) -> None:
        dated = ("--vars", f"as_of_date: {night}")
        kinds = ("--resource-type", "model", "--resource-type", "seed")
        built = self._dbt(dbtRunner(manifest=self.manifest), "build", *kinds, *dated, "--select", *MODELS)
        assert not [node for node in built if node.status not in ("success", "pass")]
        named = (f"test_name:{name}" for name in TESTS)
        tested = self._dbt(dbtRunner(manifest=self.manifest), "test", *dated, "--select", *named)
        outcomes = {node.node.name: node.status for node in tested if node.node.resource_type == "test"}
        assert len(outcomes) >= len(TESTS)
        self.failures[night] = [name for name, status in outcomes.items() if status != "pass"]

    def rows(self, sql: str) -> list[tuple]:
        return self.warehouse.rows(sql)

    def customers(self, *source_keys: str) -> list[str]:
        """Golden customers of source records, in the order of the keys."""
        found = dict(self.rows("select source_key, customer_id from intermediate.int_customer__identity"))
        return [found[key] for key in source_keys]


@pytest.fixture(scope="module")
def bank(tmp_path_factory):
    """The bank after three nights; on the third nothing about anybody is delivered."""
    with pytest.MonkeyPatch.context() as patch:
        bank = Bank(tmp_path_factory.mktemp("identity"), patch)
        bank.land(NIGHTS[0], first_night())
        bank.forget_column("crm.contacts", "customer_id")
        bank.build(NIGHTS[0])
        bank.first_identity = dict(bank.rows("select source_key, customer_id from intermediate.int_customer__identity"))
        bank.land(NIGHTS[1], second_night())
        bank.build(NIGHTS[1])
        bank.land(NIGHTS[2], {"core.transactions": [posting("T6", "REISSUED", "2026-06-30", 100_000)]})
        bank.build(NIGHTS[2])
        yield bank


@pytest.mark.slow
def test_a_corrected_number_stops_no_night(bank):
    """Two customers were one on the first night; the night of the correction and the nights after it pass."""
    assert bank.first_identity["X"] == bank.first_identity["F"] == "F"
    assert bank.failures == {night: [] for night in NIGHTS}
    assert bank.customers("F", "X", "KF") == ["F", "X", "F"]


@pytest.mark.slow
def test_a_corrected_number_is_history_and_listed(bank):
    mapped = bank.rows("""
        select customer_id, valid_from, valid_to, is_shared
        from intermediate.int_customer__id_mapping
        where
            id_type = 'id_no'
            and id_value = (select id_no_hash from staging.stg_core__customers where customer_id = 'F')
        order by customer_id
    """)
    assert mapped == [("F", NIGHTS[0], None, False), ("X", NIGHTS[0], NIGHTS[1], True)]
    listed = bank.rows("""
        select customer_count, record_keys from intermediate.int_customer__conflicts
        where conflict_type = 'former_id_no'
    """)
    assert listed == [(2, "core:F, core:X, crm:KF")]


@pytest.mark.slow
def test_placeholders_identify_nobody(bank):
    customers, contacts = placeholders()
    keys = [row["customer_id"] for row in customers]
    assert bank.customers(*keys) == keys
    keys = [row["contact_id"] for row in contacts]
    assert bank.customers(*keys) == [f"crm:{key}" for key in keys]
    assert bank.customers("N0", "N1", "O0", "O1") == ["N0", "N1", "O0", "O1"]


@pytest.mark.slow
def test_a_number_of_several_persons_keeps_them_apart(bank):
    """By name and birth date where both differ; by the limit where only names are known."""
    assert bank.customers("S0", "S1", "S2") == ["S0", "S1", "S2"]
    assert bank.customers("M0", "M1", "M2", "M3", "M4") == ["M0", "M1", "M2", "M3", "M4"]
    listed = bank.rows("""
        select conflict_type, customer_count, record_keys from intermediate.int_customer__conflicts
        where conflict_type in ('shared_id_no', 'carried_by_many') and record_keys not like '%KP%'
        order by all
    """)
    assert listed == [
        ("carried_by_many", 5, "core:M0, core:M1, core:M2, core:M3, core:M4"),
        ("shared_id_no", 3, "core:S0, core:S1, core:S2"),
    ]


@pytest.mark.slow
def test_every_number_open_for_several_customers_is_a_conflict(bank):
    shared = bank.rows("""
        select id_value from intermediate.int_customer__id_mapping
        where id_type = 'id_no' and valid_to is null group by id_value having count(*) > 1
    """)
    listed = bank.rows(
        "select conflict_key from intermediate.int_customer__conflicts where conflict_type = 'shared_id_no'"
    )
    assert shared == listed != []


@pytest.mark.slow
def test_a_contact_under_a_customer_number_is_that_customer(bank):
    """From the night on which CRM says so: the landed extract of the first night has no such column."""
    assert bank.first_identity["KNUMBERED"] == "crm:KNUMBERED"
    assert bank.customers("KNUMBERED", "KELSEWHERE") == ["NUMBERED", "crm:KELSEWHERE"]
    rules = "select match_rule from intermediate.int_customer__identity where source_key = 'KNUMBERED'"
    assert bank.rows(rules) == [("customer_number",)]
    listed = "select conflict_key, record_keys from intermediate.int_customer__conflicts"
    unknown = bank.rows(f"{listed} where conflict_type = 'unknown_customer_number'")
    assert unknown == [("NOBODY", "crm:KELSEWHERE")]


@pytest.mark.slow
def test_a_mobile_of_hong_kong_has_one_form(bank):
    assert bank.customers("KHK") == ["HK"]


@pytest.mark.slow
def test_a_year_stays_with_who_lived_it(bank):
    """Postings, balances and card spending go to the owner of their day, not to who has the number now."""
    spent = bank.rows("""
        select customer_id, cast(sum(amount) as int) from intermediate.int_transactions__customer
        group by all order by all
    """)
    assert spent == [("NEW_OWNER", 1000 + 10_000 + 100_000), ("OLD_OWNER", 11 + 22 + 100)]
    active = "select customer_id, last_activity_date from intermediate.int_transactions__last_activity order by all"
    assert bank.rows(active) == [("NEW_OWNER", NIGHTS[2]), ("OLD_OWNER", datetime.date(2026, 6, 19))]
    on_cards = "select customer_id, cast(amount_365d as int) from intermediate.int_card__spending order by all"
    assert bank.rows(on_cards) == [("NEW_OWNER", 55), ("OLD_OWNER", 33 + 44)]
    held = bank.rows("""
        select customer_id, unit_key, valid_from, valid_to from intermediate.int_aum__intervals order by all
    """)
    first, handed_on, after = datetime.date(2026, 6, 1), NIGHTS[1], datetime.date(2026, 7, 1)
    assert sorted(held) == sorted(
        [
            ("NEW_OWNER", hashed("HANDED_ON"), handed_on, after),
            ("OLD_OWNER", hashed("HANDED_ON"), first, handed_on),
            ("OLD_OWNER", hashed("REISSUED"), first, datetime.date(2026, 6, 20)),
        ]
    )
    accounts = "select customer_id, open_account_count from intermediate.int_accounts__customer order by all"
    assert bank.rows(accounts) == [("NEW_OWNER", 2), ("OLD_OWNER", 0)]


@pytest.mark.slow
def test_cards_and_devices_map_to_who_has_them(bank):
    mapped = bank.rows("""
        select id_type, customer_id, valid_from, valid_to, is_shared
        from intermediate.int_customer__id_mapping where id_type in ('card', 'device') order by all
    """)
    issued, bound = datetime.date(2020, 1, 1), datetime.date(2025, 1, 1)
    reissued, rebound = datetime.date(2026, 6, 25), NIGHTS[1]
    assert mapped == [
        ("card", "NEW_OWNER", reissued, None, False),
        ("card", "OLD_OWNER", issued, reissued, False),
        ("device", "NEW_OWNER", rebound, None, False),
        ("device", "OLD_OWNER", bound, rebound, False),
    ]


@pytest.mark.slow
def test_a_chain_of_forty_is_one_household(bank):
    sizes = "select household_size, count(*), count(distinct household_id) from intermediate.int_customer__household"
    assert bank.rows(f"{sizes} group by all") == [(40, 40, 1)]


@pytest.mark.slow
def test_the_loader_compares_with_what_was_landed_without_the_column(bank):
    """A delivery of the first night again is the same delivery, though the landed file lacks a column."""
    result = CliRunner().invoke(app, ["load", str(bank.warehouse.folder / str(NIGHTS[0])), "--date", str(NIGHTS[0])])
    assert result.exit_code == 0, result.output
    assert "same content" in result.output.replace("\n", " ")
