"""The loader: what it refuses and says, what it lands, and that a batch is visible as a whole or not at all."""

import os
import random
import shutil
import subprocess
import sys
import textwrap
from pathlib import Path

import duckdb
import pytest
from dbt_warehouse import Warehouse, hashed
from typer.testing import CliRunner

from banktags.cli import app
from banktags.contract import PROJECT_ROOT, read_contract
from banktags.load.dbt_guard import Plugin
from banktags.load.publish import landing_lock

BALANCES = "account_id,balance_date,balance\nA1,2026-06-30,10.50\nA2,2026-06-30,0\n"
MANAGERS = "manager_id,manager_name,branch_id,role,is_active\nM1,王五,B1,GENERAL,true\n"
LOANS = (
    "loan_id,customer_id,product_id,loan_type,principal,outstanding_principal,annual_rate,"
    "granted_date,maturity_date,status\n"
    "L1,C1,P1,MORTGAGE,1000.00,900.10,0.045,2026-01-01,2036-01-01,ACTIVE\n"
)
BRANCHES = "branch_id,branch_name,city_code,branch_type\n" + "".join(f"B{n},Branch {n},110000,CITY\n" for n in range(5))
PRODUCT_HEADER = (
    "product_id,product_name,product_category,issuer_risk_rating,seller_risk_rating,term_days,"
    "launched_date,delisted_date"
)
DATE = ["--date", "2026-06-30"]


@pytest.fixture
def delivery(tmp_path: Path) -> Path:
    folder = tmp_path / "from"
    folder.mkdir()
    return folder


@pytest.fixture
def raw(tmp_path: Path) -> Path:
    return tmp_path / "raw"


def write(folder: Path, **files: str | bytes) -> None:
    """Write CSV files named by keyword: core__branches="…"."""
    for name, content in files.items():
        (folder / f"{name}.csv").write_bytes(content if isinstance(content, bytes) else content.encode())


def load(delivery: Path, raw: Path, *options: str):
    return CliRunner().invoke(app, ["load", str(delivery), "--to", str(raw), *options])


def refused(delivery: Path, raw: Path, *options: str) -> str:
    """Load what must be refused: message, exit code 1, no traceback, the landing zone as it was."""
    before = tree(raw)
    result = load(delivery, raw, *options)
    assert result.exit_code == 1, result.output
    assert isinstance(result.exception, SystemExit)
    assert "Traceback" not in result.output
    assert tree(raw) == before
    return result.stderr


def landed(delivery: Path, raw: Path, *options: str) -> str:
    result = load(delivery, raw, *options)
    assert result.exit_code == 0, result.output
    return result.output


def tree(root: Path) -> dict[str, bytes | None]:
    """Every file (its bytes) and folder under a root, which need not exist."""
    return {
        str(path): path.read_bytes() if path.is_file() else None for path in [root, *root.rglob("*")] if path.exists()
    }


def rows(raw: Path, table: str) -> list[tuple]:
    """All landed rows of a table, as the dbt sources read them."""
    glob = f"{raw}/{table.replace('.', '/')}/dt=*/*.parquet"
    return duckdb.sql(
        f"select * exclude (loaded_at) from read_parquet('{glob}', hive_partitioning = true) order by all"
    ).fetchall()


def content_hashes(raw: Path) -> dict[str, str]:
    return {f"{row[2]}.{row[3]} {row[1]}": row[6] for row in rows(raw, "core.batches")}


# --- a sound delivery ---


def test_lands_every_layout_with_its_batch_record(delivery, raw):
    write(delivery, core__account_balances=BALANCES)
    (delivery / "core" / "branches" / "dt=2026-06-29").mkdir(parents=True)
    write(delivery / "core" / "branches" / "dt=2026-06-29", part_0=BRANCHES)
    (delivery / "crm").mkdir()
    values = {"contact_id": "'X1'", "created_date": "date '2026-06-28'", "dt": "date '2026-06-28'"}
    columns = (name for name in read_contract()["crm.contacts"].column_names if name != "loaded_at")
    select = ", ".join(f"{values.get(name, 'null')} as {name}" for name in columns)
    duckdb.sql(f"select {select}").write_parquet(str(delivery / "crm" / "contacts.parquet"))
    (delivery / "_SUCCESS").touch()
    output = landed(delivery, raw, *DATE)
    assert "core.account_balances" in output and "2026-06-30" in output
    assert [row[0] for row in rows(raw, "core.account_balances")] == ["A1", "A2"]
    assert len(rows(raw, "core.branches")) == 5
    assert str(rows(raw, "crm.contacts")[0][-1]) == "2026-06-28"
    records = rows(raw, "core.batches")
    assert [(row[2], row[3], str(row[1]), row[4], row[5]) for row in records] == [
        ("crm", "contacts", "2026-06-28", 1, 0),
        ("core", "branches", "2026-06-29", 5, 0),
        ("core", "account_balances", "2026-06-30", 2, 0),
    ]
    assert len({row[0] for row in records}) == 1


def test_landed_columns_have_the_contracts_names_and_types(delivery, raw):
    write(delivery, lending__loans=LOANS)
    landed(delivery, raw, *DATE)
    table = read_contract()["lending.loans"]
    described = duckdb.sql(
        f"describe select * from read_parquet('{raw}/lending/loans/dt=2026-06-30/*.parquet', hive_partitioning = false)"
    ).fetchall()
    duckdb_names = {"string": "VARCHAR", "int": "INTEGER", "decimal(18,2)": "DECIMAL(18,2)"}
    assert [row[:2] for row in described] == [
        (c.name, duckdb_names.get(c.data_type, c.data_type.upper())) for c in table.columns if c.name != "dt"
    ]


def test_every_contract_table_has_at_least_a_file_without_rows(delivery, raw):
    write(delivery, core__branches=BRANCHES)
    landed(delivery, raw, *DATE)
    for name in read_contract():
        assert list((raw / name.replace(".", "/")).glob("dt=*/*.parquet")), name
    assert rows(raw, "marketing.costs") == []


def test_bom_quotes_and_line_ends_of_windows(delivery, raw):
    write(
        delivery,
        core__branches=b'\xef\xbb\xbfbranch_id,branch_name,city_code,branch_type\r\nB1,"a ""b"",\r\nc",,\r\n\r\n',
    )
    landed(delivery, raw, *DATE)
    assert rows(raw, "core.branches")[0][:4] == ("B1", 'a "b",\r\nc', None, None)


def test_delivered_loaded_at_is_kept_and_a_missing_one_stamped(delivery, raw):
    write(
        delivery,
        core__branches="branch_id,branch_name,city_code,branch_type,loaded_at\nB1,x,,,2026-07-01 02:00:00\n",
        core__account_balances=BALANCES,
    )
    landed(delivery, raw, *DATE)
    delivered = duckdb.sql(
        f"select loaded_at from read_parquet('{raw}/core/branches/dt=2026-06-30/*.parquet')"
    ).fetchall()
    assert str(delivered[0][0]) == "2026-07-01 02:00:00"
    assert duckdb.sql(
        f"select count(loaded_at) from read_parquet('{raw}/core/account_balances/dt=2026-06-30/*.parquet')"
    ).fetchone() == (2,)


def test_parquet_types_of_other_tools_are_taken_without_loss(delivery, raw):
    duckdb.sql(
        "select 7 as account_id, timestamp '2026-06-30 00:00:00' as balance_date, 10.1::double as balance "
    ).write_parquet(str(delivery / "core__account_balances.parquet"))
    duckdb.execute("set TimeZone = 'UTC'")
    duckdb.sql(
        "select 'T1' as transaction_id, 'A1' as account_id, date '2026-06-30' as transaction_date, "
        "timestamptz '2026-06-29 18:00:00+00' as transaction_at, 'IN' as direction, 5.00::decimal(10,2) as amount, "
        "'TRANSFER' as transaction_type, '' as channel, null as counterparty_account, null as counterparty_bank"
    ).write_parquet(str(delivery / "core__transactions.parquet"))
    landed(delivery, raw, *DATE)
    assert [str(value) for value in rows(raw, "core.account_balances")[0]] == ["7", "2026-06-30", "10.10", "2026-06-30"]
    transaction = rows(raw, "core.transactions")[0]
    assert str(transaction[3]) == "2026-06-30 02:00:00", "Shanghai time"
    assert transaction[7] is None, "empty text is null"


# --- files that are refused, each with file, place, column and remedy ---


def test_empty_directory(delivery, raw):
    message = refused(delivery, raw)
    assert str(delivery) in message and "empty" in message and "export" in message


def test_missing_folder(tmp_path, raw):
    assert "no such folder" in refused(tmp_path / "nowhere", raw)


def test_file_without_even_a_header(delivery, raw):
    write(delivery, core__branches="")
    message = refused(delivery, raw, *DATE)
    assert "core__branches.csv: empty file" in message and "remedy" in message


def test_file_that_matches_no_table(delivery, raw):
    write(delivery, core__customer="a\n1\n")
    message = refused(delivery, raw, *DATE)
    assert "core__customer.csv" in message and "nearest: core.customers" in message and "--mapping" in message


def test_file_of_another_format(delivery, raw):
    (delivery / "core__branches.xlsx").write_bytes(b"PK")
    assert "core__branches.xlsx: neither .csv nor .parquet" in refused(delivery, raw)


def test_deleted_column(delivery, raw):
    write(delivery, core__account_balances="account_id,balance_date\nA1,2026-06-30\n")
    message = refused(delivery, raw, *DATE)
    assert "core__account_balances.csv, column balance: missing column balance" in message
    assert "core.account_balances has: account_id, balance_date, balance" in message


def test_misspelt_column_names_the_nearest(delivery, raw):
    write(delivery, core__account_balances=BALANCES.replace("balance_date", "Balance-Date"))
    message = refused(delivery, raw, *DATE)
    assert "missing column balance_date (nearest: Balance-Date)" in message
    assert "extra column Balance-Date (nearest: balance_date)" in message and "rename" in message


def test_column_named_twice(delivery, raw):
    write(delivery, core__account_balances="account_id,balance,balance\nA1,1,1\n")
    assert "core__account_balances.csv, line 1: the header names the column 'balance' 2 times" in refused(
        delivery, raw, *DATE
    )


def test_truncated_parquet(delivery, raw):
    path = delivery / "core__branches.parquet"
    duckdb.sql(
        "select 'B' || range as branch_id, 'x' as branch_name, null as city_code, null as branch_type from range(1000)"
    ).write_parquet(str(path))
    path.write_bytes(path.read_bytes()[:-100])
    message = refused(delivery, raw, *DATE)
    assert "core__branches.parquet: not readable as Parquet: truncated" in message and "delivered again" in message


def test_parquet_damaged_inside(delivery, raw):
    path = delivery / "core__branches.parquet"
    duckdb.sql(
        "select md5(cast(range as varchar)) as branch_id, 'x' as branch_name, null as city_code, null as branch_type "
        "from range(10000)"
    ).write_parquet(str(path))
    content = bytearray(path.read_bytes())
    content[2000:9000] = bytes(7000)
    path.write_bytes(content)
    assert "core__branches.parquet: not readable as Parquet" in refused(delivery, raw, *DATE)


def test_parquet_type_that_cannot_become_the_contracts(delivery, raw):
    duckdb.sql("select 1.0::double as account_id, date '2026-06-30' as balance_date, [1] as balance").write_parquet(
        str(delivery / "core__account_balances.parquet")
    )
    message = refused(delivery, raw, *DATE)
    assert "column account_id: Parquet type DOUBLE cannot become string" in message
    assert "column balance: Parquet type INTEGER[] cannot become decimal(18,2)" in message and "export it as" in message


def test_encoding_names_line_byte_and_iconv(delivery, raw):
    write(delivery, core__managers=MANAGERS.encode("gb18030"))
    message = refused(delivery, raw, *DATE)
    byte = MANAGERS.encode("gb18030").index("王五".encode("gb18030"))
    assert (
        f"core__managers.csv, line 2: not UTF-8: byte {byte} is 0xcd" in message
        and "iconv -f GB18030 -t UTF-8" in message
    )


def test_utf16(delivery, raw):
    write(delivery, core__branches=BRANCHES.encode("utf-16-le"))
    assert "NUL bytes: UTF-16" in refused(delivery, raw, *DATE)


def test_other_delimiter(delivery, raw):
    write(delivery, core__branches=BRANCHES.replace(",", ";"))
    message = refused(delivery, raw, *DATE)
    assert (
        "core__branches.csv, line 1: one column found: the delimiter seems to be ';'" in message and "commas" in message
    )


@pytest.mark.parametrize(
    ("torn", "says"),
    [
        ('B1,"two\nlines",,\nB2,x,\n', "line 4: 3 fields where the header has 4"),
        ("B1,x,,,surplus\n", "line 2: 5 fields where the header has 4"),
        ('B1,x,,\nB2,"never closed,,\nB3,x,,\n', "after line 2: a double quote that is never closed"),
        ("B1,x,,\nB2,cut o", "line 3: 2 fields where the header has 4"),
    ],
)
def test_torn_line(delivery, raw, torn, says):
    write(delivery, core__branches="branch_id,branch_name,city_code,branch_type\n" + torn)
    message = refused(delivery, raw, *DATE, "--max-rejects", "100")
    assert f"core__branches.csv, {says}" in message and "remedy: export again" in message


def test_file_delivered_twice(delivery, raw):
    write(delivery, core__branches=BRANCHES)
    (delivery / "core").mkdir()
    write(delivery / "core", branches=BRANCHES)
    message = refused(delivery, raw, *DATE)
    assert "core__branches.csv: the same content as core/branches.csv" in message and "remove one" in message


def test_events_of_one_day_delivered_again_for_the_next(delivery, raw):
    for dt in ("2026-06-30", "2026-07-01"):
        folder = delivery / "core" / "account_balances" / f"dt={dt}"
        folder.mkdir(parents=True)
        write(folder, extract=BALANCES)
    assert "dt=2026-07-01/extract.csv: the same content as core/account_balances/dt=2026-06-30/extract.csv" in refused(
        delivery, raw
    )


def test_unchanged_snapshots_of_two_days_are_no_repeat(delivery, raw):
    for dt in ("2026-06-29", "2026-06-30"):
        folder = delivery / "core" / "branches" / f"dt={dt}"
        folder.mkdir(parents=True)
        write(folder, extract=BRANCHES)
    landed(delivery, raw)
    assert len(rows(raw, "core.branches")) == 10


def test_no_business_date(delivery, raw):
    write(delivery, core__branches=BRANCHES)
    message = refused(delivery, raw)
    assert "core__branches.csv: no business date" in message and "--date YYYY-MM-DD" in message


def test_folder_that_names_no_date(delivery, raw):
    folder = delivery / "core" / "branches" / "dt=20260630"
    folder.mkdir(parents=True)
    write(folder, extract=BRANCHES)
    assert "dt=20260630 does not name a date" in refused(delivery, raw)


def test_a_demo_bank_takes_no_delivery(delivery, raw):
    (raw / "_truth").mkdir(parents=True)
    write(delivery, core__branches=BRANCHES)
    assert "make clean" in refused(delivery, raw, *DATE)


def test_landing_zone_is_no_delivery(raw):
    raw.mkdir()
    assert "lie in one another" in refused(raw, raw)


def test_all_problems_of_all_files_are_listed_at_once(delivery, raw):
    write(
        delivery,
        core__account_balances=BALANCES.replace("10.50", "ten"),
        core__branches=BRANCHES.replace("branch_type", "kind"),
        core__managers=MANAGERS.encode("gb18030"),
        core__nonsense="a\n1\n",
    )
    message = refused(delivery, raw, *DATE)
    for part in ("column balance: not a number", "missing column branch_type", "not UTF-8", "matches no table"):
        assert part in message


# --- rows that are refused ---


@pytest.mark.parametrize(
    ("table", "old", "new", "column", "says"),
    [
        ("core__account_balances", "2026-06-30,0", "30/06/2026,0", "balance_date", "not a date: '30/06/2026'"),
        ("core__account_balances", "2026-06-30,0", "2026-02-30,0", "balance_date", "not a date"),
        ("core__account_balances", "2026-06-30,0", "2026-6-30,0", "balance_date", "not a date"),
        ("core__account_balances", "2026-06-30,0", "infinity,0", "balance_date", "not a date"),
        ("core__account_balances", "2026-06-30,0", ",0", "balance_date", "required but empty"),
        (
            "core__account_balances",
            "2026-06-30,0",
            "2026-07-01,0",
            "balance_date",
            "later than the batch's business date",
        ),
        ("core__account_balances", ",0\n", ',"1,000.00"\n', "balance", "not a number: '9,999.99'"),
        ("core__account_balances", ",0\n", ",1e3\n", "balance", "not a number"),
        ("core__account_balances", ",0\n", ",1.005\n", "balance", "more than 2 decimals"),
        ("core__account_balances", ",0\n", ",12345678901234567\n", "balance", "too large for decimal(18,2)"),
        ("core__account_balances", "A2", "A1", "(account_id, balance_date)", "primary key repeated"),
        ("core__managers", "true", "ja", "is_active", "not a boolean: 'ja'"),
        ("lending__loans", "0.045", "nan", "annual_rate", "not a finite number"),
    ],
)
def test_bad_row(delivery, raw, table, old, new, column, says):
    content = {"core__account_balances": BALANCES, "core__managers": MANAGERS, "lending__loans": LOANS}[table]
    assert old in content
    write(delivery, **{table: content.replace(old, new)})
    message = refused(delivery, raw, *DATE)
    line = 3 if table == "core__account_balances" else 2
    assert f"{table}.csv, line {line}, column {column}: {says}" in message
    assert "remedy:" in message and "--max-rejects" in message


@pytest.mark.parametrize(
    ("value", "says"),
    [("3.5", "not a whole number"), ("3000000000", "too large for int"), ("１２", "not a whole number")],
)
def test_bad_integer(delivery, raw, value, says):
    write(
        delivery,
        core__products=f"{PRODUCT_HEADER}\nP1,x,FUND,,,{value},,\n",
    )
    assert f"line 2, column term_days: {says}" in refused(delivery, raw, *DATE)


@pytest.mark.parametrize("value", ["2026-06-30T10:00:00+08:00", "2026-06-30 25:00:00", "2026-06-30"])
def test_bad_timestamp(delivery, raw, value):
    write(delivery, core__branches=f"branch_id,branch_name,city_code,branch_type,loaded_at\nB1,x,,,{value}\n")
    message = refused(delivery, raw, *DATE)
    assert f"column loaded_at: not a timestamp: '{value}'" in message and "without an offset" in message


def test_values_that_fit_exactly_are_taken(delivery, raw):
    write(
        delivery,
        core__account_balances="account_id,balance_date,balance\nA1,2026-06-30,-0.10000\nA2,2026-06-30,9999999999999999.99\n",
        core__products=f"{PRODUCT_HEADER}\nP1,x,FUND,,,90.0,2026-01-01 00:00:00,\n",
    )
    landed(delivery, raw, *DATE)
    assert [str(row[2]) for row in rows(raw, "core.account_balances")] == ["-0.10", "9999999999999999.99"]
    assert (rows(raw, "core.products")[0][5], str(rows(raw, "core.products")[0][6])) == (90, "2026-01-01")


def test_sensitive_values_are_shown_as_shapes_only(delivery, raw):
    header = ",".join(
        name for name in read_contract()["core.customers"].column_names if name not in ("dt", "loaded_at")
    )
    write(
        delivery,
        core__customers=f"{header}\nC1,张三丰,IDC,110101199003078515,M,1990-13-07,13800138000,,,,,,2026-01-01,,ACTIVE,,,,,\n",
    )
    message = refused(delivery, raw, *DATE)
    assert "column birth_date: not a date: '9999-99-99'" in message
    for secret in ("张三丰", "110101199003078515", "1990-13-07", "13800138000"):
        assert secret not in message
    landed(delivery, raw, *DATE, "--max-rejects", "1")
    masked = duckdb.sql(f"select masked_row from read_parquet('{raw}/_load/rejects/dt=*/*.parquet')").fetchone()[0]
    assert '"name":"中中中"' in masked and '"mobile":"99999999999"' in masked and '"status":"ACTIVE"' in masked
    for secret in ("张三丰", "110101199003078515", "1990-13-07", "13800138000"):
        assert secret not in masked


def test_line_numbers_count_quoted_line_ends_and_blank_lines(delivery, raw):
    write(delivery, core__branches='branch_id,branch_name,city_code,branch_type\nB1,"two\nlines",,\n\nB2,,,\n')
    assert "core__branches.csv, line 5, column branch_name: required but empty" in refused(delivery, raw, *DATE)


def test_first_five_bad_rows_and_the_total(delivery, raw):
    write(
        delivery,
        core__account_balances="account_id,balance_date,balance\n"
        + "".join(f"A{n},2026-06-30,x\n" for n in range(2000)),
    )
    message = refused(delivery, raw, *DATE)
    assert message.count("column balance: not a number") == 5
    assert (
        "core.account_balances: 2000 bad rows in all: 2000 balance not a number;" in message
        and "--max-rejects 2000" in message
    )


def test_equal_rows_keep_one_and_contradicting_rows_none(delivery, raw):
    write(
        delivery, core__branches="branch_id,branch_name,city_code,branch_type\nB1,x,,\nB1,x,,\nB2,x,,\nB2,y,,\nB3,x,,\n"
    )
    message = refused(delivery, raw, *DATE)
    assert [f"line {n}, column (branch_id)" in message for n in (2, 3, 4, 5, 6)] == [False, True, True, True, False]
    landed(delivery, raw, *DATE, "--max-rejects", "3")
    assert [row[0] for row in rows(raw, "core.branches")] == ["B1", "B3"]


def test_a_key_may_return_under_a_later_business_date(delivery, raw):
    write(
        delivery,
        core__branches="branch_id,branch_name,city_code,branch_type,dt\nB1,x,,,2026-06-29\nB1,y,,,2026-06-30\n",
    )
    landed(delivery, raw)
    assert len(rows(raw, "core.branches")) == 2


def test_rejects_up_to_the_limit_are_set_aside(delivery, raw):
    write(delivery, core__account_balances=BALANCES.replace("10.50", "ten") + "A3,2026-06-30,\n")
    assert "2 bad rows in all" in refused(delivery, raw, *DATE, "--max-rejects", "1")
    output = landed(delivery, raw, *DATE, "--max-rejects", "2")
    assert "Set aside with their reasons: 2 rows" in output
    rejects = duckdb.sql(
        f"select * exclude (batch_id, loaded_at, masked_row) "
        f"from read_parquet('{raw}/_load/rejects/dt=*/*.parquet', hive_partitioning = true) order by place"
    ).fetchall()
    assert [row[:6] for row in rejects] == [
        ("core__account_balances.csv", "line 2", "core", "account_balances", "balance", "not a number"),
        ("core__account_balances.csv", "line 4", "core", "account_balances", "balance", "required but empty"),
    ]
    assert [row[6] for row in rejects] == ["A1 2026-06-30", "A3 2026-06-30"], "the key in clear"
    assert str(rejects[0][-1]) == "2026-06-30"
    assert [row[0] for row in rows(raw, "core.account_balances")] == ["A2"]
    assert [(row[4], row[5]) for row in rows(raw, "core.batches")] == [(1, 2)]


def test_a_row_without_a_valid_dt_is_never_merely_rejected(delivery, raw):
    write(
        delivery,
        core__branches="branch_id,branch_name,city_code,branch_type,dt\nB1,x,,,2026-06-31\nB2,x,,,2026-06-30\n",
    )
    message = refused(delivery, raw, "--max-rejects", "9")
    assert "line 2, column dt: not a date: '2026-06-31'" in message and "mend them at the source\n" in message


def test_dt_column_and_folder_must_agree(delivery, raw):
    folder = delivery / "core" / "branches" / "dt=2026-06-30"
    folder.mkdir(parents=True)
    write(folder, extract="branch_id,branch_name,city_code,branch_type,dt\nB1,x,,,2026-06-29\n")
    assert "column dt: differs from the folder's dt" in refused(delivery, raw)


# --- the control table ---


def control(rows_announced: int) -> str:
    header = "batch_id,business_date,system_name,table_name,row_count,rejected_count,content_hash\n"
    return f"{header}X,2026-06-30,core,account_balances,{rows_announced},0,none\n"


def test_control_table_agrees(delivery, raw):
    write(delivery, core__account_balances=BALANCES, core__batches=control(2))
    assert "all 1 announced row counts agree" in landed(delivery, raw, *DATE)
    assert [row[0] != "X" and row[3] for row in rows(raw, "core.batches")] == ["account_balances"], (
        "only the loader's own record"
    )


def test_control_table_disagrees(delivery, raw):
    write(delivery, core__account_balances=BALANCES, core__batches=control(3), core__branches=BRANCHES)
    message = refused(delivery, raw, *DATE)
    assert "core__batches.csv: core.account_balances dt=2026-06-30: 3 rows announced, 2 delivered" in message
    assert "core.branches dt=2026-06-30: 0 rows announced, 5 delivered" in message


# --- landing the same or another content again ---


def test_same_content_again_changes_nothing(delivery, raw):
    write(delivery, core__branches=BRANCHES, core__account_balances=BALANCES)
    landed(delivery, raw, *DATE)
    before = tree(raw)
    assert "Landed before with the same content" in landed(delivery, raw, *DATE)
    assert tree(raw) == before


def test_row_order_file_split_and_format_do_not_change_the_content_hash(delivery, raw, tmp_path):
    lines = [f"A{n},2026-06-30,{n}.5\n" for n in range(500)]
    header = "account_id,balance_date,balance\n"
    write(delivery, core__account_balances=header + "".join(lines))
    landed(delivery, raw, *DATE)

    other, other_raw = tmp_path / "other", tmp_path / "other_raw"
    random.Random(7).shuffle(lines)
    (other / "core" / "account_balances").mkdir(parents=True)
    write(other / "core" / "account_balances", b=header + "".join(lines[:200]))
    path = tmp_path / "rest.csv"
    path.write_text(header + "".join(lines[200:]))
    duckdb.read_csv(str(path)).write_parquet(str(other / "core" / "account_balances" / "a.parquet"))
    landed(other, other_raw, *DATE)

    assert content_hashes(other_raw) == content_hashes(raw)
    assert rows(other_raw, "core.account_balances") == rows(raw, "core.account_balances")
    assert {row[0] for row in rows(other_raw, "core.batches")} == {row[0] for row in rows(raw, "core.batches")}
    assert "the same content" in landed(other, raw, *DATE)


def test_only_the_new_dates_of_a_growing_extract_are_landed(delivery, raw):
    write(delivery, core__account_balances="account_id,balance_date,balance,dt\nA1,2026-06-29,1,2026-06-29\n")
    landed(delivery, raw)
    first = tree(raw / "core" / "account_balances" / "dt=2026-06-29")
    write(
        delivery,
        core__account_balances="account_id,balance_date,balance,dt\nA1,2026-06-29,1,2026-06-29\nA1,2026-06-30,2,2026-06-30\n",
    )
    assert "left as they are: 1 of 2" in landed(delivery, raw)
    assert tree(raw / "core" / "account_balances" / "dt=2026-06-29") == first
    assert len(rows(raw, "core.account_balances")) == 2


def test_changed_redelivery_is_refused_unless_told_to_replace(delivery, raw):
    write(delivery, core__account_balances=BALANCES)
    landed(delivery, raw, *DATE)
    write(delivery, core__account_balances=BALANCES.replace("10.50", "99.00"))
    message = refused(delivery, raw, *DATE)
    assert (
        "core__account_balances.csv: changed redelivery: core.account_balances dt=2026-06-30" in message
        and "--replace" in message
    )
    output = landed(delivery, raw, *DATE, "--replace")
    assert "Replaced: 1. Rebuild every business date from 2026-06-30 on" in " ".join(output.split())
    assert [str(row[2]) for row in rows(raw, "core.account_balances")] == ["99.00", "0.00"]
    assert len(rows(raw, "core.batches")) == 2, "both deliveries stay on record"
    write(delivery, core__account_balances=BALANCES)
    landed(delivery, raw, *DATE, "--replace")
    assert [str(row[2]) for row in rows(raw, "core.account_balances")] == ["10.50", "0.00"]


@pytest.mark.slow
@pytest.mark.long
def test_dbt_notices_a_replacement_of_the_same_size(delivery, raw, tmp_path):
    warehouse = Warehouse(tmp_path, raw)
    for balance in ("10.50", "99.00"):
        write(delivery, core__account_balances=BALANCES.replace("10.50", balance))
        landed(delivery, raw, *DATE, "--replace")
        warehouse.dbt("run", "--select", "+stg_core__account_balances", "--vars", "as_of_date: 2026-06-30")
        staged = f"""
            select cast(balance as varchar) from staging.stg_core__account_balances where account_id = '{hashed("A1")}'
        """
        assert warehouse.rows(staged) == [(balance,)]


def test_delivery_without_rows_is_recorded(delivery, raw):
    write(delivery, core__account_balances=BALANCES.splitlines(keepends=True)[0])
    landed(delivery, raw, *DATE)
    assert [(row[3], row[4]) for row in rows(raw, "core.batches")] == [("account_balances", 0)]


# --- mapping a foreign schema ---

MAPPING = """
    select
        konto as account_id,
        strptime(stichtag, '%d.%m.%Y')::date as balance_date,
        replace(saldo, ',', '.')::decimal(18,2) as balance,
        strptime(stichtag, '%d.%m.%Y')::date as dt
    from salden;
"""


def test_mapping(delivery, raw, tmp_path):
    mapping = tmp_path / "mapping"
    mapping.mkdir()
    (mapping / "core__account_balances.sql").write_text(MAPPING)
    write(delivery, salden="konto;stichtag;saldo\nA1;30.06.2026;10,5\n")
    landed(delivery, raw, "--mapping", str(mapping))
    assert [str(value) for value in rows(raw, "core.account_balances")[0]] == [
        "A1",
        "2026-06-30",
        "10.50",
        "2026-06-30",
    ]


@pytest.mark.parametrize(
    ("name", "sql", "says"),
    [
        (
            "core__account_balances.sql",
            MAPPING.replace("salden", "salde"),
            "core__account_balances.sql: DuckDB says: Catalog Error: Table with name salde",
        ),
        (
            "core__account_balances.sql",
            MAPPING.replace("saldo", "betrag"),
            "core__account_balances.sql: DuckDB says: Binder Error",
        ),
        (
            "core__account_balances.sql",
            MAPPING.replace("as balance,", "as saldo,"),
            "core__account_balances.sql, column balance: missing column balance",
        ),
        (
            "core__account_balances.sql",
            MAPPING.replace("konto as", "null as"),
            "salden.csv, line 2, column account_id of core__account_balances.sql: required but empty",
        ),
        (
            "core__account_balances.sql",
            MAPPING.replace("%d.%m.%Y", "%Y"),
            "salden.csv, line 2, column balance_date of core__account_balances.sql: its expression fails",
        ),
        (
            "core__balances.sql",
            MAPPING,
            "core__balances.sql: matches no table of the contract (nearest: core.branches)",
        ),
        ("readme.txt", "", "no mapping in it"),
    ],
)
def test_mapping_errors_name_the_sql_file(delivery, raw, tmp_path, name, sql, says):
    mapping = tmp_path / "mapping"
    mapping.mkdir()
    (mapping / name).write_text(sql)
    write(delivery, salden="konto;stichtag;saldo\nA1;30.06.2026;10,5\n")
    message = refused(delivery, raw, "--mapping", str(mapping))
    assert says in message
    assert "30.06.2026" not in message, "a value may be a customer's"


def test_worked_example(raw):
    example = PROJECT_ROOT / "examples" / "csv_extract"
    landed(example / "extract", raw, "--mapping", str(example / "mapping"), *DATE)
    assert [row[0] for row in rows(raw, "core.customers")] == ["0000100001", "0000100002", "0000100003"]
    assert [str(row[13]) for row in rows(raw, "core.customers")] == ["None", "None", "2026-06-15"]
    assert [str(row[2]) for row in rows(raw, "core.account_balances")] == ["12345.60", "880.00", "200000.00"]
    assert [(row[4], row[6]) for row in rows(raw, "core.transactions")] == [
        ("OUT", "TRANSFER"),
        ("IN", "SALARY"),
        ("OUT", "PAYMENT"),
        ("IN", "INTEREST"),
    ]


def test_worked_example_in_the_encoding_of_the_source(delivery, raw):
    example = PROJECT_ROOT / "examples" / "csv_extract"
    for path in (example / "extract").glob("*.csv"):
        (delivery / path.name).write_bytes(path.read_text(encoding="utf-8").encode("gb18030"))
    message = refused(delivery, raw, "--mapping", str(example / "mapping"), *DATE)
    assert "khxx.csv, line 2: not UTF-8: byte 63 is 0xb3" in message, "as its README quotes it"


# --- atomicity ---

# Lands the folder `new` again and again, each time in a process of its own and on a fresh copy of the landing zone
# `old`: the first dies by SIGKILL before its first change to the file system, the second before its second, …, the
# last survives.
KILLED_LOADS = """
    import os, pathlib, shutil, signal, sys
    from typer.testing import CliRunner
    from banktags.cli import app

    def deadly(function):
        def call(*args, **kwargs):
            global changes
            if changes == deadly_change:
                os.kill(os.getpid(), signal.SIGKILL)
            changes += 1
            return function(*args, **kwargs)
        return call

    changes, folder = 0, pathlib.Path(sys.argv[1])
    for deadly_change in range(200):
        raw = folder / f"raw{deadly_change}"
        shutil.copytree(folder / "old", raw)
        child = os.fork()
        if child == 0:
            for module, name in ((pathlib.Path, "replace"), (os, "sync"), (pathlib.Path, "unlink"), (shutil, "rmtree")):
                setattr(module, name, deadly(getattr(module, name)))
            result = CliRunner().invoke(app, ["load", str(folder / "new"), "--to", str(raw), *sys.argv[2:]])
            os._exit(result.exit_code)
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        if code != -signal.SIGKILL:
            sys.exit(code)
"""
BEFORE, AFTER = (("10.50", "0.00"), 0), (("99.00", "0.00"), 5)


@pytest.fixture(scope="module")
def killed_loads(tmp_path_factory) -> list[Path]:
    """Landing zones in which a load was killed, one change later each; in the last it ran to its end."""
    folder = tmp_path_factory.mktemp("killed")
    first, new = folder / "first", folder / "new"
    first.mkdir()
    new.mkdir()
    write(first, core__account_balances=BALANCES)
    landed(first, folder / "old", *DATE)
    write(new, core__account_balances=BALANCES.replace("10.50", "99.00"), core__branches=BRANCHES)
    script = folder / "killed_loads.py"
    script.write_text(textwrap.dedent(KILLED_LOADS))
    environment = os.environ | {"PYTHONPATH": str(PROJECT_ROOT)}
    subprocess.run([sys.executable, str(script), str(folder), *DATE, "--replace"], env=environment, check=True)
    return sorted(folder.glob("raw*"), key=lambda raw: int(raw.name.removeprefix("raw")))


def outcome(raw: Path) -> tuple:
    return tuple(str(row[2]) for row in rows(raw, "core.account_balances")), len(rows(raw, "core.branches"))


def test_killed_at_any_point_a_batch_is_whole_or_absent(killed_loads, tmp_path):
    delivery = tmp_path / "next"
    delivery.mkdir()
    write(delivery, core__managers=MANAGERS)
    outcomes = []
    for number, killed in enumerate(killed_loads):
        raw = tmp_path / f"raw{number}"
        shutil.copytree(killed, raw)
        landed(delivery, raw, *DATE)
        outcomes.append(outcome(raw))
        assert len(rows(raw, "core.managers")) == 1
        assert not (raw / "_load").exists(), "nothing is left over"
    assert set(outcomes) == {BEFORE, AFTER} and outcomes == sorted(outcomes), "one point of commitment"
    assert outcomes.count(BEFORE) > 1 and outcomes.count(AFTER) > 4
    half_visible = [outcome(raw) for raw in killed_loads]
    assert set(half_visible) - {BEFORE, AFTER}, "some were killed in the midst of publishing"


def test_dbt_starts_on_no_half_visible_batch(killed_loads, tmp_path, monkeypatch):
    killed = next(raw for raw in killed_loads if outcome(raw) not in (BEFORE, AFTER))
    shutil.copytree(killed, tmp_path / "raw")
    monkeypatch.setenv("BANK_TAGS_RAW", str(tmp_path / "raw"))
    Plugin.create("banktags.load.dbt_guard", config={})
    assert outcome(tmp_path / "raw") == AFTER
    assert not (tmp_path / "raw" / "_load").exists()


def test_a_second_load_is_refused_while_one_is_running(delivery, raw):
    write(delivery, core__branches=BRANCHES)
    with landing_lock(raw):
        result = load(delivery, raw, *DATE)
    assert result.exit_code == 1
    assert f"another load is running (process {os.getpid()}" in result.stderr and "wait" in result.stderr
    assert not raw.exists()
    landed(delivery, raw, *DATE)
