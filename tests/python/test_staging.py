"""Staging: incremental builds, replays, healing and refusals, against the rules written once more in Python."""

import copy
import datetime
import gc
import hashlib
import random
import re
import shutil
from collections import defaultdict
from pathlib import Path

import duckdb
import pytest
import yaml
from dbt.adapters.duckdb.connections import DuckDBConnectionManager
from dbt.cli.main import dbtRunner
from dbt_warehouse import hashed

from banktags.contract import PROJECT_ROOT, read_contract
from banktags.landing import write_empty_tables

FIRST_DAY = datetime.date(2026, 6, 1)
TRANSACTIONS, BALANCES, CONSENTS = "core.transactions", "core.account_balances", "crm.consents"
SELECTION = ["base_core__transactions", "base_core__account_balances", "base_crm__consents"]
SELECTION += ["stg_core__transactions", "stg_core__account_balances", "stg_crm__consents"]
DICTIONARIES = ["transaction_types", "channels", "code_mappings", "currencies", "unknown_sentinels"]


def day(number: int) -> datetime.date:
    return FIRST_DAY + datetime.timedelta(days=number)


class Bank:
    """A hand-made bank of two tables in a landing zone, the warehouse that dbt makes of it, and what to expect."""

    def __init__(self, folder: Path, catalog: str):
        self.raw, self.database = folder / "raw", folder / f"{catalog}.duckdb"
        self.contract = read_contract()
        write_empty_tables(self.raw, self.contract)
        self.batches: dict[tuple[str, datetime.date], list[dict]] = defaultdict(list)

    def land(self, table: str, dt: datetime.date, rows: list[dict] | None = None) -> None:
        """Write one batch as the loader would; without ``rows``, what was collected for it."""
        self.batches[table, dt] = rows = self.batches[table, dt] if rows is None else rows
        columns = [column for column in self.contract[table].columns if column.name != "dt"]
        folder = self.raw.joinpath(*table.split("."), f"dt={dt}")
        folder.mkdir(exist_ok=True)
        with duckdb.connect() as connection:
            connection.execute(f"create table batch ({', '.join(f'{c.name} {c.data_type}' for c in columns)})")
            values = [[row.get(column.name) for column in columns] for row in rows]
            connection.executemany(f"insert into batch values ({', '.join('?' for _ in columns)})", values)
            connection.execute(f"copy batch to '{folder / 'part-0.parquet'}'")

    def known(self, table: str, as_of: datetime.date) -> list[dict]:
        """Rows known as of a date, in the order of delivery."""
        rows = [row | {"dt": dt} for (name, dt), batch in self.batches.items() if name == table for row in batch]
        return sorted((row for row in rows if row["dt"] <= as_of), key=lambda row: (row["dt"], row["loaded_at"]))

    def expected_transactions(self, as_of: datetime.date) -> dict:
        """The first valid delivery of each posting: amount by number and date."""
        expected = {}
        for row in self.known(TRANSACTIONS, as_of):
            if row["amount"] >= 0 and row["transaction_date"] <= row["dt"]:
                expected.setdefault((row["transaction_id"], row["transaction_date"]), row["amount"])
        return expected

    def expected_balances(self, as_of: datetime.date) -> dict:
        """The last valid delivery of each account and day."""
        valid = (row for row in self.known(BALANCES, as_of) if row["balance_date"] <= row["dt"])
        return {(hashed(row["account_id"]), row["balance_date"]): row["balance"] for row in valid}

    def expected_consents(self, as_of: datetime.date) -> list[tuple]:
        """Every delivery of each consent: number, when it came, when its first like it was known, its fate."""
        fates = []
        for number in {row["consent_id"] for row in self.known(CONSENTS, as_of)}:
            rows = [row for row in self.known(CONSENTS, as_of) if row["consent_id"] == number]
            valid = [row for row in rows if row["purpose"] == "MARKETING"]
            for row in rows:
                followers = valid[valid.index(row) + 1 :] if row in valid else []
                if row not in valid:
                    fate = "unknown_purpose"
                elif not followers:
                    fate = None
                elif followers[0]["dt"] == row["dt"] or followers[0]["withdrawn_at"] == row["withdrawn_at"]:
                    fate = "duplicate_delivery"
                else:
                    fate = "superseded_version"
                known_from = min(other["dt"] for other in rows if (other in valid) == (row in valid))
                fates.append((number, row["dt"], row["loaded_at"], known_from, fate))
        return sorted(fates)

    def query(self, sql: str) -> list[tuple]:
        with duckdb.connect(str(self.database), read_only=True) as connection:
            return connection.sql(sql).fetchall()

    def staged_transactions(self) -> dict:
        rows = self.query("select transaction_id, transaction_date, amount from staging.stg_core__transactions")
        return {(number, date): int(amount) for number, date, amount in rows}

    def staged_balances(self) -> dict:
        rows = self.query("select account_id, balance_date, balance from staging.stg_core__account_balances")
        return {(account, date): int(balance) for account, date, balance in rows}

    def staged_consents(self) -> list[tuple]:
        deliveries = "select consent_id, dt, loaded_at, known_from, quarantine_reason from staging.base_crm__consents"
        return sorted(self.query(deliveries))

    def assert_staged_as_of(self, as_of: datetime.date) -> None:
        assert self.staged_transactions() == self.expected_transactions(as_of)
        assert self.staged_balances() == self.expected_balances(as_of)
        assert self.staged_consents() == self.expected_consents(as_of)

    def base_rows(self) -> dict[str, list]:
        """Every row of the tables that a replay leaves as they are, in an order of its own."""
        return {
            name: self.query(f"select * from staging.{name} order by all")
            for name in ("base_core__transactions", "base_core__account_balances")
        }


@pytest.fixture(scope="module")
def project(parsed_project):
    """A copy of the parsed project whose sources the tests may point to their own landing zones."""
    return parsed_project.deepcopy()


@pytest.fixture
def dbt(project, tmp_path, monkeypatch):
    """Run dbt in this process on the bank of the test; returns what went wrong, or None."""

    def run(bank: Bank, command: str, as_of: datetime.date, *arguments: str) -> str | None:
        for source in project.sources.values():
            files = f"{bank.raw}/{source.source_name}/{source.name}/dt=*/*.parquet"
            location = {"external_location": f"read_parquet('{files}', hive_partitioning = true)"}
            source.meta.update(location)
            source.config.meta.update(location)
        monkeypatch.setenv("BANK_TAGS_RAW", str(bank.raw))
        monkeypatch.setenv("BANK_TAGS_DB", str(bank.database))
        monkeypatch.setenv("BANK_TAGS_WORK", str(bank.database))
        monkeypatch.setenv("DBT_TARGET_PATH", str(tmp_path / "target"))
        monkeypatch.setenv("DBT_LOG_PATH", str(tmp_path / "logs"))
        folders = ["--project-dir", str(PROJECT_ROOT), "--profiles-dir", str(PROJECT_ROOT)]
        options = ["--quiet", "--no-write-json", *folders, "--vars", f"as_of_date: {as_of}"]
        if command == "build":
            options += ["--resource-type", "model", "--resource-type", "seed"]
        result = dbtRunner(manifest=project).invoke([command, *options, *arguments])
        messages = [node.message for node in result.result or [] if node.status == "error"]
        error = None if result.success else str(result.exception or messages)
        # dbt, and the traceback of its failure, keep the warehouse open; the test wants to read it.
        del result
        DuckDBConnectionManager.close_all_connections()
        gc.collect()
        return error

    return run


@pytest.fixture
def stage(dbt):
    """Stage the bank as of a date; the test fails when dbt does."""

    def run(bank: Bank, as_of: datetime.date, *arguments: str) -> None:
        assert dbt(bank, "build", as_of, "--select", *SELECTION, *DICTIONARIES, *arguments) is None

    return run


@pytest.fixture
def bank(eventful_bank, tmp_path) -> Bank:
    """A copy of the eventful bank for one test to change."""
    bank = copy.deepcopy(eventful_bank)
    bank.raw, bank.database = tmp_path / "raw", tmp_path / eventful_bank.database.name
    shutil.copytree(eventful_bank.raw, bank.raw)
    return bank


@pytest.fixture(scope="module")
def eventful_bank(project, tmp_path_factory) -> Bank:
    """Eight days with everything that may go wrong: rows twice, late, corrected, corrected again, and not valid."""
    catalog = next(node.database for node in project.nodes.values() if node.resource_type == "model")
    bank, dice = Bank(tmp_path_factory.mktemp("eventful_bank"), catalog), random.Random(7)
    for number in range(8):
        dt, loaded_at = day(number), datetime.datetime.combine(day(number + 1), datetime.time(2))
        for posting in range(30):
            amount = dice.choice([-5, 0, 5, 10, 20, 50])
            row = transaction(f"T{posting:02}", dt, amount, loaded_at)
            if dice.random() < 0.1:
                row["transaction_date"] = day(number + 1)
            # One in ten comes late; one in five again, that day or later, half of those changed.
            arrives = day(min(7, number + dice.randint(1, 4))) if dice.random() < 0.1 else dt
            bank.batches[TRANSACTIONS, arrives].append(row | {"loaded_at": at_night_of(arrives, posting)})
            if dice.random() < 0.2:
                again = day(min(7, number + dice.randint(0, 5)))
                changed = row["amount"] + dice.choice([0, 1])
                copy = row | {"amount": changed, "loaded_at": at_night_of(again, 100 + posting)}
                bank.batches[TRANSACTIONS, again].append(copy)
        for account in range(10):
            row = {"account_id": f"A{account}", "balance_date": dt, "balance": dice.randint(0, 99)}
            bank.batches[BALANCES, dt].append(row | {"loaded_at": at_night_of(dt, account)})
            for _ in range(dice.choice([0, 0, 1, 2])):
                revised = day(min(7, number + dice.randint(0, 4)))
                order = len(bank.batches[BALANCES, revised]) + 100
                row = row | {"balance": dice.randint(0, 99), "loaded_at": at_night_of(revised, order)}
                bank.batches[BALANCES, revised].append(row)
        asked = [("MARKETING", None), ("MARKETING", None), ("MARKETING", at_night_of(dt, 0)), ("NEWS", None)]
        for consent in range(6):
            if number == 0 or dice.random() < 0.4:
                for delivery in range(dice.choice([1, 1, 2])):
                    purpose, withdrawn_at = dice.choice(asked)
                    bank.batches[CONSENTS, dt].append(
                        {
                            "consent_id": f"N{consent}",
                            "contact_id": "K1",
                            "purpose": purpose,
                            "channel": "SMS",
                            "given_at": datetime.datetime.combine(day(0), datetime.time(9)),
                            "withdrawn_at": withdrawn_at,
                            "loaded_at": at_night_of(dt, 10 * consent + delivery),
                        }
                    )
    for table, dt in list(bank.batches):
        bank.land(table, dt)
    return bank


def at_night_of(dt: datetime.date, second: int) -> datetime.datetime:
    return datetime.datetime.combine(dt, datetime.time(2)) + datetime.timedelta(days=1, seconds=second)


def transaction(number: str, date: datetime.date, amount: int, loaded_at: datetime.datetime) -> dict:
    return {
        "transaction_id": number,
        "account_id": "A1",
        "transaction_date": date,
        "direction": "IN",
        "amount": amount,
        "transaction_type": "TRANSFER",
        "channel": "APP",
        "loaded_at": loaded_at,
    }


def test_incremental_equals_full_refresh_and_replays(bank, stage):
    for as_of in (day(0), day(2), day(3), day(7)):
        stage(bank, as_of)
        bank.assert_staged_as_of(as_of)
    held = bank.base_rows()

    # A replay of an earlier date reads what is held and changes nothing; versions are judged anew, as of that date.
    stage(bank, day(4))
    bank.assert_staged_as_of(day(4))
    assert bank.base_rows() == held

    stage(bank, day(7), "--full-refresh")
    bank.assert_staged_as_of(day(7))
    assert bank.base_rows() == held


def test_changed_missing_and_extra_batches_heal(bank, stage):
    held_back = bank.batches[TRANSACTIONS, day(2)]
    bank.raw.joinpath("core", "transactions", f"dt={day(2)}", "part-0.parquet").unlink()
    bank.batches[TRANSACTIONS, day(2)] = []
    stage(bank, day(7))
    bank.assert_staged_as_of(day(7))

    # The missing batch arrives; another is delivered anew with as many rows; a third is withdrawn.
    bank.land(TRANSACTIONS, day(2), held_back)
    corrected = [row | {"amount": row["amount"] + 1000} for row in bank.batches[TRANSACTIONS, day(4)]]
    bank.land(TRANSACTIONS, day(4), corrected)
    bank.raw.joinpath("core", "account_balances", f"dt={day(5)}", "part-0.parquet").unlink()
    bank.batches[BALANCES, day(5)] = []
    withdrawn = [row | {"withdrawn_at": row["loaded_at"]} for row in bank.batches[CONSENTS, day(0)]]
    bank.land(CONSENTS, day(0), withdrawn)
    stage(bank, day(7))
    bank.assert_staged_as_of(day(7))


def test_a_night_judges_anew_the_keys_that_it_brings(bank, stage):
    """A mark on what is held stays where the night brings nothing: those rows were not cleaned again."""
    bank.land(CONSENTS, day(7), [bank.batches[CONSENTS, day(0)][0] | {"loaded_at": at_night_of(day(7), 0)}])
    stage(bank, day(6))
    with duckdb.connect(str(bank.database)) as connection:
        connection.execute("update staging.base_crm__consents set channel = 'HELD'")
    stage(bank, day(7))
    brought = {row["consent_id"] for row in bank.batches[CONSENTS, day(7)]}
    channels = bank.query("select consent_id, channel from staging.base_crm__consents")
    assert {number for number, channel in channels if channel != "HELD"} == brought == {"N0"}
    bank.assert_staged_as_of(day(7))


def test_a_failing_build_leaves_the_table_as_it_was(bank, stage, dbt):
    stage(bank, day(6))
    held = bank.base_rows()
    # A batch changes, so that rows are forgotten first; then its page breaks the insert.
    bank.land(TRANSACTIONS, day(3), bank.batches[TRANSACTIONS, day(3)][:-1])
    file = bank.raw / "core" / "transactions" / f"dt={day(5)}" / "part-0.parquet"
    content = file.read_bytes()
    file.write_bytes(content[:4] + bytes(200) + content[204:])
    assert dbt(bank, "run", day(7), "--select", "base_core__transactions") is not None
    assert bank.base_rows() == held


def test_damaged_extracts_are_refused_before_anything_is_built(bank, stage, dbt):
    """Truncated file, missing column, text in an amount, missing folder: the promised error, and nothing changed."""
    stage(bank, day(1))
    held = bank.base_rows()
    file = bank.raw / "core" / "transactions" / f"dt={day(2)}" / "part-0.parquet"
    sound = Path(shutil.copy(file, bank.raw.parent / "sound.parquet"))

    def refusal() -> str:
        error = dbt(bank, "run", day(3), "--select", *SELECTION)
        assert bank.base_rows() == held
        return error or "built"

    file.write_bytes(sound.read_bytes()[:-20])
    assert str(file) in refusal()

    duckdb.read_parquet(str(sound)).select("* exclude (channel)").write_parquet(str(file))
    assert f"{file}: column channel is missing, the contract says string" in refusal()

    with_text = duckdb.read_parquet(str(sound)).select("* replace (cast(amount as string) as amount)")
    with_text.write_parquet(str(file))
    assert f"{file}: column amount is VARCHAR, the contract says decimal(18,2)" in refusal()

    shutil.copy(sound, file)
    shutil.rmtree(bank.raw / "core" / "customers")
    assert f"no extracts under {bank.raw}/core/customers: run `make build`" in refusal()


def test_core_and_crm_hash_an_identity_number_alike(bank, dbt, monkeypatch):
    """The keyed hash against its definition: sha256(key || sha256(key || sha256(number)))."""
    key = "a secret of another bank"
    monkeypatch.setenv("BANK_TAGS_PII_KEY", key)
    number = "11010519491231002X"
    digest = hashlib.sha256(number.encode()).hexdigest()
    known = {"loaded_at": at_night_of(day(0), 0)}
    customer = {
        "customer_id": "C1",
        "opened_date": day(0),
        "status": "ACTIVE",
        "id_type": "IDC",
        "id_no": number.lower(),
    }
    bank.land("core.customers", day(0), [customer | known])
    bank.land(
        "crm.contacts", day(0), [{"contact_id": "K1", "created_date": day(0), "id_no_sha256": digest.upper()} | known]
    )
    selection = ["base_core__customers", "base_crm__contacts", "path:seeds/dictionaries"]
    assert dbt(bank, "build", day(0), "--select", *selection) is None
    expected = hashed(digest, key)
    assert bank.query("select id_no_hash from staging.base_core__customers") == [(expected,)]
    assert bank.query("select id_no_hash from staging.base_crm__contacts") == [(expected,)]


def test_a_run_with_another_key_than_the_warehouse_is_hashed_with_is_refused(small_bank, dbt, monkeypatch):
    """Forgotten, mistyped or published; whoever means it says so, and all of history is hashed anew."""
    monkeypatch.delenv("BANK_TAGS_REHASH", raising=False)
    number = "6217987650000000111"
    account = {"account_id": number, "customer_id": "C1", "product_id": "P1", "currency": "CNY", "status": "ACTIVE"}
    posting = transaction("T1", day(0), 5, at_night_of(day(0), 0))
    posting |= {"account_id": number, "counterparty_account": f" {number} "}
    small_bank.land("core.accounts", day(0), [account | {"loaded_at": at_night_of(day(0), 0)}])
    small_bank.land("core.transactions", day(0), [posting])
    selection = ["base_core__accounts", "base_core__transactions", "path:seeds/dictionaries"]

    def build(key: str) -> str | None:
        monkeypatch.setenv("BANK_TAGS_PII_KEY", key)
        return dbt(small_bank, "build", day(0), "--select", *selection)

    def numbers() -> list[tuple]:
        return small_bank.query(
            "select account_id, account_id, account_id from staging.base_core__accounts union all "
            "select account_id, account_id, counterparty_account_hash from staging.base_core__transactions"
        )

    key, other = "the key of this bank", "the key of another bank"
    assert build(key) is None
    held = [(hashed(number, key),) * 3] * 2
    assert numbers() == held, "one rule for the number as a key and as the other side of a posting"
    assert "BANK_TAGS_PII_KEY is not set" in build("")
    refusal = build(other)
    assert "is hashed with another key" in refusal and "Nothing was built" in refusal and other not in refusal
    assert numbers() == held
    digits = re.search(r"BANK_TAGS_REHASH=([0-9a-f]{8})", refusal)[1]
    monkeypatch.setenv("BANK_TAGS_REHASH", digits)
    assert "is hashed with another key" in build("a third key, left with the setting of the second")
    assert numbers() == held
    assert build(other) is None
    assert numbers() == [(hashed(number, other),) * 3] * 2


def test_staged_tables_agree_with_the_contract(project):
    """The list that the quarantine is built from names every table and key of the contract."""
    contract = read_contract()
    macro = (PROJECT_ROOT / "macros" / "staging" / "staged_tables.sql").read_text(encoding="utf-8")
    listed = yaml.safe_load(macro[macro.index("return([") + 7 : macro.rindex("])") + 1])
    assert {f"{t['system']}.{t['name']}": tuple(t["key"]) for t in listed} == {
        name: table.primary_key for name, table in contract.items()
    }
    bases = {node.name: node for node in project.nodes.values() if node.name.startswith("base_")}
    for table in listed:
        qualified, base = f"{table['system']}.{table['name']}", bases[f"base_{table['system']}__{table['name']}"]
        by_batch = base.config.materialized == "incremental" and base.config.unique_key is None
        assert table.get("batched", False) == by_batch, qualified
        assert (base.config.unique_key or list(contract[qualified].primary_key)) == table["key"], qualified
        assert table.get("state", False) == (contract[qualified].kind == "state"), qualified


def test_optional_columns_agree_with_the_models():
    """The list that damage is looked for in names every column that becomes unknown, and where it stands."""
    macro = (PROJECT_ROOT / "macros" / "staging" / "optional_columns.sql").read_text(encoding="utf-8")
    listed = yaml.safe_load(macro[macro.index("return({") + 7 : macro.rindex("})") + 1])
    written = {}
    for path in (PROJECT_ROOT / "models" / "staging").glob("*/base_*.sql"):
        sql = path.read_text(encoding="utf-8")
        known = re.search(r"set known = \{\n(.*?)\n\} %\}", sql, re.DOTALL)
        table = path.stem.removeprefix("base_").replace("__", ".")
        if known:
            written[table] = re.findall(r"^    '(\w+)':", known[1], re.MULTILINE)
            assert "unknown_values(known)" in sql and "unknown_shapes(known)" in sql, table
            assert all(re.search(rf" as {column}\b", sql) for column in listed[table].values()), table
    assert {table: list(columns) for table, columns in listed.items()} == written


# What a bank delivers wrong in the mass, or does not: on tiny banks of the tables that it takes.

STAGING = ["path:models/staging", "+staging_damage", "path:seeds/dictionaries"]


@pytest.fixture
def small_bank(tmp_path, project):
    catalog = next(node.database for node in project.nodes.values() if node.resource_type == "model")
    return Bank(tmp_path, catalog)


@pytest.fixture
def damage(small_bank, dbt):
    """Stage the bank of the test and return what is damaged: check, table, column, severity and what was seen."""

    def run(as_of: datetime.date) -> list[tuple]:
        assert dbt(small_bank, "build", as_of, "--select", *STAGING) is None
        return small_bank.query(
            "select check_name, table_name, column_name, severity, seen from governance.staging_damage order by all"
        )

    return run


def customers(count: int, **columns) -> list[dict]:
    common = {"opened_date": datetime.date(2015, 1, 1), "status": "ACTIVE", "loaded_at": at_night_of(day(0), 0)}
    return [{"customer_id": f"C{number}", **common, **columns} for number in range(count)]


def complaints(count: int, **columns) -> list[dict]:
    common = {"contact_id": "K1", "complained_date": day(0), "category": "FEES", "loaded_at": at_night_of(day(0), 0)}
    return [{"complaint_id": f"P{columns}{number}", **common, **columns} for number in range(count)]


def test_a_column_that_nobody_mapped_is_told_as_shapes(small_bank, damage):
    small_bank.land("core.customers", day(0), customers(30, gender="Male", closed_date=datetime.date(1900, 1, 1)))
    small_bank.land("crm.complaints", day(0), complaints(80) + complaints(9, contact_id=None))
    assert damage(day(0)) == [("values_set_to_unknown", "customers", "gender", "fail", "Aaaa (30)")]
    assert small_bank.query("select count(*) from staging.stg_core__customers where closed_date is null") == [(30,)]


def test_a_table_in_quarantine_is_told_with_its_reasons(small_bank, damage):
    strange = [{"consent_id": f"S{number}", "contact_id": "K1", "channel": "SMS"} for number in range(40)]
    for number, row in enumerate(strange):
        purpose = "Werbung" if number < 12 else "MARKETING"
        row |= {"purpose": purpose, "given_at": at_night_of(day(-9), 0), "loaded_at": at_night_of(day(0), 0)}
    small_bank.land("crm.consents", day(0), strange)
    assert damage(day(0)) == [
        ("quarantined_rows", "consents", None, "fail", "unknown_purpose AAAAAAA (12)"),
    ]
    # What is delivered again is no damage, however often.
    small_bank.land("crm.consents", day(0), [row for row in strange[12:] for _ in range(3)])
    assert damage(day(0)) == []


def test_small_numbers_trip_nothing(small_bank, damage):
    small_bank.land("core.customers", day(0), customers(9, gender="Male"))
    small_bank.land("crm.complaints", day(0), complaints(9, contact_id="N/A"))
    assert damage(day(0)) == []


def test_a_batch_with_few_of_its_usual_rows_is_told(small_bank, damage):
    for number, rows in enumerate((2000, 1000, 1010, 990, 1000, 1000, 50)):
        dt = day(number)
        postings = [transaction(f"{dt}-{n}", dt, 5, at_night_of(dt, 0)) for n in range(rows)]
        small_bank.land(TRANSACTIONS, dt, postings)
    told = "50 rows in the batch of 2026-06-07, usually 1000"
    assert damage(day(6)) == [("fall_against_batches_before", "transactions", None, "fail", told)]
    assert damage(day(5)) == []


def test_numbers_that_start_anew_are_told_and_all_stand(small_bank, damage):
    for number in range(3):
        dt = day(number)
        rows = [transaction(f"{n}", dt, 100 * number + n, at_night_of(dt, 0)) for n in range(40)]
        # A posting that comes late under a number that names others.
        rows += [transaction("1", day(0), 1, at_night_of(dt, 1))] if number == 2 else []
        small_bank.land(TRANSACTIONS, dt, rows)
    told = "40 of 40 numbers, the first 0"
    assert damage(day(2)) == [("numbers_used_again", "transactions", None, "warn", told)]
    assert len(small_bank.staged_transactions()) == 120


def test_a_posting_redelivered_with_a_corrected_date_counts_once(small_bank, stage):
    """Night by night and all at once: the first delivery stands, however often the date is corrected."""
    posting = transaction("TDUP", day(0), 50_000, at_night_of(day(0), 0))
    other = transaction("T2", day(0), 10, at_night_of(day(0), 0))
    small_bank.land(TRANSACTIONS, day(0), [posting, other])
    small_bank.land(TRANSACTIONS, day(5), [posting | {"transaction_date": day(1), "loaded_at": at_night_of(day(5), 0)}])
    small_bank.land(TRANSACTIONS, day(6), [posting | {"transaction_date": day(2), "loaded_at": at_night_of(day(6), 0)}])
    small_bank.land(
        TRANSACTIONS, day(7), [other | {"transaction_date": day(3), "amount": 11, "loaded_at": at_night_of(day(7), 0)}]
    )
    expected = {("TDUP", day(0)): 50_000, ("T2", day(0)): 10, ("T2", day(3)): 11}
    for number in (0, 5, 6, 7):
        stage(small_bank, day(number))
    assert small_bank.staged_transactions() == expected
    stage(small_bank, day(7), "--full-refresh")
    assert small_bank.staged_transactions() == expected


def test_an_order_is_what_its_latest_batch_says(small_bank, dbt):
    """Cancelled a night later it is no purchase from then on; as of the night before it was one."""
    order = {
        "order_id": "O1",
        "customer_id": "C1",
        "product_id": "P1",
        "order_date": day(0),
        "order_type": "PURCHASE",
        "amount": 100_000,
        "status": "CONFIRMED",
        "loaded_at": at_night_of(day(0), 0),
    }
    small_bank.land("wealth.orders", day(0), [order])
    small_bank.land("wealth.orders", day(3), [order | {"status": "CANCELLED", "loaded_at": at_night_of(day(3), 0)}])
    for as_of, status in ((day(2), "CONFIRMED"), (day(3), "CANCELLED"), (day(2), "CONFIRMED")):
        assert (
            dbt(small_bank, "build", as_of, "--select", "base_wealth__orders", "stg_wealth__orders", *DICTIONARIES)
            is None
        )
        assert small_bank.query("select status from staging.stg_wealth__orders") == [(status,)]


def test_a_closed_account_without_a_date_ends_with_the_batch_that_says_so(small_bank, dbt):
    """Night by night as all at once: said again it ends as before, and reopened it has not ended."""
    account = {"account_id": "A1", "customer_id": "C1", "product_id": "P1", "currency": "CNY", "opened_date": day(-99)}
    nights = ["ACTIVE", "CLOSED", "CLOSED", "ACTIVE", "CLOSED"]
    ends = [None, day(1), day(1), None, day(4)]
    for number, status in enumerate(nights):
        row = account | {"status": status, "loaded_at": at_night_of(day(number), 0)}
        small_bank.land("core.accounts", day(number), [row])
    for number, end in enumerate(ends):
        assert (
            dbt(
                small_bank, "build", day(number), "--select", "base_core__accounts", "stg_core__accounts", *DICTIONARIES
            )
            is None
        )
        assert small_bank.query("select closed_date from staging.stg_core__accounts") == [(end,)], nights[number]
