"""A mapping computes from the delivered files: it writes nothing, reads nothing else, and comes to an end."""

import duckdb
import pytest
from deliveries import deliver, landed, load, refused, rows

DATE = ["--date", "2026-06-30"]
#: The columns of core.account_balances, of which a mapping may take one from elsewhere.
SELECT = "select {account} as account_id, date '2026-06-30' as balance_date, 1 as balance from {source}"


@pytest.fixture
def bank(tmp_path, monkeypatch):
    """A delivery with one file, and files beside it that are nobody's business."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "other.csv").write_text("konto\nTOP-SECRET\n")
    duckdb.sql("select 'TOP-SECRET' as konto").write_parquet(str(tmp_path / "other.parquet"))
    deliver(tmp_path / "delivery", {"konten.csv": "konto\nA1\n"})
    return tmp_path


def mapped(bank, select: str) -> list:
    deliver(bank / "mapping", {"core__account_balances.sql": select})
    return [bank / "delivery", bank / "raw", "--mapping", str(bank / "mapping"), *DATE]


READS = [
    "read_text('other.csv')",
    "read_blob('other.csv')",
    "read_csv('other.csv')",
    "read_csv_auto('{bank}/other.csv')",
    "read_parquet('{bank}/other.parquet')",
    "parquet_scan('other.parquet')",
    "parquet_metadata('other.parquet')",
    "sniff_csv('other.csv')",
    "glob('*')",
    "'other.csv'",
    "'{bank}/other.parquet'",
    '"other.csv"',
    "query('from other.csv')",
    "query_table('konten')",
    "duckdb_settings()",
    "duckdb_databases()",
    "duckdb_secrets()",
    "duckdb_tables()",
    "pg_settings",
    "sqlite_master",
    "information_schema.tables",
    "pragma_database_list",
    '"konten with places"',
    "(from read_text('other.csv'))",
    "konten, lateral (from read_text('other.csv')) as b",
    "konten where exists (from 'other.csv')",
    'konten where exists (from \'other.csv\') or exists (with "other.csv" as (select 1) from "other.csv")',
    "konten order by (select count(*) from glob('*'))",
    "(show databases)",
]


def test_a_mapping_reads_the_delivered_files_only(bank):
    for source in READS:
        select = SELECT.format(account="'A1'", source=source.format(bank=bank))
        message = refused(*mapped(bank, select))
        assert "core__account_balances.sql: " in message and "TOP-SECRET" not in message, select
        said = ("may read the views", "was not delivered", "it shows", "no function of the data", "DuckDB says")
        assert any(word in message for word in said), message
    assert not (bank / "raw" / "core").exists()


STATEMENTS = [
    "select 1) to 'written.csv'; copy (select 2",
    "select 1) to 'written.csv' (format csv) --",
    "copy (select 1) to 'written.csv'",
    "select 1; copy (select 1) to 'written.csv'",
    "export database 'written'",
    "attach 'written.db'",
    "install httpfs",
    "set memory_limit = '100GB'",
    "set enable_external_access = true",
    "pragma database_list",
    "call pragma_version()",
    "create macro konten(a) as table (from read_text(a))",
    "create table written as select 1",
    "explain analyze select 1",
    "explain copy (select 1) to 'written.csv'",
    "",
]


def test_a_mapping_is_one_select(bank):
    for statement in STATEMENTS:
        message = refused(*mapped(bank, statement))
        assert "core__account_balances.sql: " in message, statement
        assert not list(bank.glob("**/written*")), statement


@pytest.mark.parametrize(
    "account",
    [
        "getenv('HOME')",
        "current_setting('temp_directory')",
        "getvariable('pii_key')",
        "write_log('x')",
        "sleep_ms(100000)",
        "(select content from read_text('other.csv'))",
    ],
)
def test_a_column_of_a_mapping_tells_nothing_of_the_machine(bank, account):
    message = refused(*mapped(bank, SELECT.format(account=account, source="konten")))
    assert "core__account_balances.sql: it calls " in message


@pytest.mark.parametrize(
    "select",
    [
        SELECT.format(
            account="konto", source="konten, range(10000000) a, range(10000000) b where hash(a.range, b.range) = 1"
        ),
        f"with recursive a as (select 1 as n union all select n + 1 from a) {SELECT.format(account='n', source='a')}",
    ],
)
def test_a_mapping_without_an_end_is_stopped(bank, monkeypatch, select):
    monkeypatch.setenv("BANK_TAGS_MAPPING_MINUTES", "0.01")
    message = refused(*mapped(bank, select))
    assert "core__account_balances.sql: its SELECT took longer than 0.01 minutes" in message
    assert "remedy: mend it" in message and "BANK_TAGS_MAPPING_MINUTES" in message


def test_a_time_limit_that_is_none_is_named(bank, monkeypatch):
    monkeypatch.setenv("BANK_TAGS_MAPPING_MINUTES", "soon")
    result = load(*mapped(bank, SELECT.format(account="konto", source="konten")))
    assert result.exit_code == 2 and not list(bank.glob("raw/*"))
    assert "BANK_TAGS_MAPPING_MINUTES is 'soon'" in result.stderr and "number of minutes" in result.stderr


@pytest.mark.parametrize(
    ("select", "accounts"),
    [
        (SELECT.format(account="konto", source="KONTEN;"), ["A1"]),
        (f"with other as (from konten) {SELECT.format(account='konto', source='other')} -- the end", ["A1"]),
        (
            SELECT.format(account="'B' || n", source="konten cross join generate_series(1, 2) as numbers (n)"),
            ["B1", "B2"],
        ),
        (SELECT.format(account="unnest(['C1', 'C2'])", source="main.konten"), ["C1", "C2"]),
        (SELECT.format(account="'copy x to y'", source="konten"), ["copy x to y"]),
    ],
)
def test_a_mapping_that_computes_is_taken(bank, select, accounts):
    landed(*mapped(bank, select))
    assert [row[0] for row in rows(bank / "raw", "core.account_balances", "account_id")] == accounts


def test_a_delivered_parquet_file_is_read_where_it_lies(bank):
    duckdb.sql("select 'P1' as konto").write_parquet(str(bank / "delivery" / "mehr.parquet"))
    landed(*mapped(bank, SELECT.format(account="mehr.konto", source="konten, mehr")))
    assert rows(bank / "raw", "core.account_balances", "account_id") == [("P1",)]
