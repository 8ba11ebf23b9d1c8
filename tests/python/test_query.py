"""``banktags query`` answers one SELECT over the warehouse, and reaches nothing else; what it writes is on record."""

import csv
import hashlib
import io
import re
import shutil
import stat
from pathlib import Path

import duckdb
import pytest
import typer
from typer.testing import CliRunner

from banktags.contract import PROJECT_ROOT
from banktags.query import MAX_ROWS
from banktags.query import query as command

#: The command by itself: to make all of them takes longer than a question.
app = typer.Typer()
app.command()(command)


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> Path:
    """A tiny warehouse, and files beside it that are nobody's business."""
    folder = tmp_path_factory.mktemp("made")
    with duckdb.connect(str(folder / "bank_tags.duckdb")) as connection:
        connection.execute("create schema marts")
        connection.execute("create table marts.customer_360 as select 'C' || range as customer_id from range(250)")
        connection.execute("create view marts.first as from marts.customer_360 limit 1")
    (folder / "secret.csv").write_text("secret\nTOP-SECRET\n")
    duckdb.sql("select 'TOP-SECRET' as secret").write_parquet(str(folder / "secret.parquet"))
    return folder


@pytest.fixture
def warehouse(made, tmp_path, monkeypatch) -> Path:
    """A copy that ``banktags query`` finds, in the working folder."""
    shutil.copytree(made, tmp_path, dirs_exist_ok=True)
    path = tmp_path / "bank_tags.duckdb"
    monkeypatch.setenv("BANK_TAGS_DB", str(path))
    monkeypatch.setenv("BANK_TAGS_LISTS", str(tmp_path / "lists"))
    monkeypatch.setenv("COLUMNS", "300")
    monkeypatch.chdir(tmp_path)
    return path


def query(*arguments: str) -> tuple[int, str]:
    """Exit code and output, with the frame of error messages taken away."""
    result = CliRunner().invoke(app, [*arguments])
    assert result.exception is None or isinstance(result.exception, SystemExit), "a traceback"
    return result.exit_code, re.sub(r"[│╭╮╰╯─\s]+", " ", result.output)


#: What is more or else than one SELECT over the warehouse.
REFUSED = [
    # Statements that write, attach, set or run something.
    "copy (select * from marts.customer_360) to 'out.csv'",
    "copy marts.customer_360 to 'out.parquet' (format parquet)",
    "export database 'out'",
    "import database 'out'",
    "attach 'other.db'",
    "detach bank_tags",
    "use marts",
    "install httpfs",
    "load httpfs",
    "force install httpfs",
    "set memory_limit = '100GB'",
    "reset memory_limit",
    "pragma database_list",
    "pragma enable_profiling",
    "call pragma_version()",
    "create table x as select 1",
    "create temp table x as select 1",
    "create macro x(a) as a",
    "create secret (type s3)",
    "create view x as select 1",
    "insert into marts.customer_360 values ('X')",
    "update marts.customer_360 set customer_id = 'X'",
    "delete from marts.customer_360",
    "drop table marts.customer_360",
    "alter table marts.customer_360 add column x int",
    "truncate marts.customer_360",
    "vacuum",
    "analyze",
    "checkpoint",
    "begin",
    "commit",
    "prepare x as select 1",
    "execute x",
    "comment on table marts.customer_360 is 'x'",
    # More than one, or none.
    "select 1; select 2",
    "select 1; copy (select 1) to 'out.csv'",
    "select 1;; drop table marts.customer_360",
    "",
    ";",
    "/* nothing */",
    # EXPLAIN that runs something.
    "explain analyze select 1",
    "explain (analyze) select 1",
    "explain copy (select 1) to 'out.csv'",
    "explain analyze copy (select 1) to 'out.csv'",
    "explain create table x as select 1",
    "explain select * from read_text('secret.csv')",
    # Files, by whatever function or name, wherever it stands.
    "select * from read_csv('secret.csv')",
    "select * from read_csv_auto('secret.csv')",
    "select * from read_text('secret.csv')",
    "select * from read_blob('secret.csv')",
    "select * from read_json('secret.csv')",
    "select * from read_ndjson_objects('secret.csv')",
    "select * from read_parquet('secret.parquet')",
    "select * from parquet_scan('secret.parquet')",
    "select * from parquet_schema('secret.parquet')",
    "select * from parquet_metadata('secret.parquet')",
    "select * from read_duckdb('bank_tags.duckdb')",
    "select * from read_blob('bank_tags.duckdb')",
    "select * from sniff_csv('secret.csv')",
    "select * from glob('*')",
    "from 'secret.csv'",
    "from 'secret.parquet'",
    'from "secret.csv"',
    "from 'bank_tags.duckdb'",
    "describe from read_text('secret.csv')",
    "describe 'secret.csv'",
    "summarize 'secret.csv'",
    "summarize from read_csv('secret.csv')",
    "select (select content from read_text('secret.csv'))",
    "with a as (from read_text('secret.csv')) from a",
    "with recursive a as (select 1 as n union all select n + 1 from a, read_text('secret.csv') where n < 2) from a",
    "select 1 where exists (from 'secret.csv')",
    "select * from marts.first order by (select count(*) from glob('*'))",
    "select * from marts.first limit (select count(*) from glob('*'))",
    "select * from marts.first, lateral (from read_text('secret.csv')) as a",
    "select * from marts.first as a join read_text('secret.csv') as b on true",
    "select * from marts.first union all from read_text('secret.csv')",
    "pivot (from read_text('secret.csv')) on size in (1) using count(*)",
    "unpivot (from read_text('secret.csv')) on size",
    "from query('from read_text(''secret.csv'')')",
    "from query_table('marts.first')",
    # A name that is one of the SELECT's own in one place, and a file in another.
    'select 1 from \'secret.csv\' where exists (with "secret.csv" as (select 1) from "secret.csv")',
    # The machine, the session and their settings.
    "select getenv('HOME')",
    "select current_setting('temp_directory')",
    "select getvariable('pii_key')",
    "select current_query()",
    "select sleep_ms(100000)",
    "select write_log('x')",
    "select nextval('x')",
    "from duckdb_settings()",
    "from duckdb_databases()",
    "from duckdb_databases",
    "from duckdb_secrets()",
    "from which_secret('x', 's3')",
    "from duckdb_variables()",
    "from duckdb_extensions()",
    "from duckdb_logs()",
    "from duckdb_temporary_files()",
    "from pragma_database_list",
    "from pragma_database_size()",
    "from pg_settings",
    "from pg_catalog.pg_settings",
    "from system.pg_catalog.pg_settings",
    "from pragma_user_agent()",
    "show databases",
    "show variables",
    "from (show databases)",
    "from checkpoint()",
    "from enable_logging()",
    "from test_all_types()",
    # Relations of Python.
    "from app",
    "from result",
    # What is wrong in itself.
    "selekt",
    "select 'open",
    "select nothing from marts.first",
    "select $1",
    "select cast('x' as int)",
    "from marts.customer_361",
]


@pytest.mark.parametrize("sql", REFUSED)
def test_it_is_refused_on_one_line(warehouse, tmp_path, sql):
    before = sorted(path.name for path in tmp_path.iterdir())
    code, output = query("--", sql)
    assert code == 2, output
    assert "TOP-SECRET" not in output
    assert str(tmp_path) not in output, "no path that the question did not name"
    assert output.count("Invalid value for SQL: ") == 1 and "LINE 1" not in output and "Traceback" not in output
    assert sorted(path.name for path in tmp_path.iterdir()) == before
    with duckdb.connect(str(warehouse), read_only=True) as con:
        assert con.execute("select count(*) from marts.customer_360").fetchone() == (250,)


@pytest.mark.parametrize(
    ("sql", "shown"),
    [
        ("select count(*) as n from marts.customer_360", "250"),
        ("select customer_id from marts.customer_360 where customer_id = 'C7';", "C7"),
        ("from marts.first", "C0"),
        ("FROM bank_tags.marts.first -- the first", "C0"),
        ("with a as (select 7 as n) select n from a", "7"),
        (
            "with recursive a as (select 1 as n union all select n + 1 from a where n < 5) select max(n) as m from a",
            "5",
        ),
        ("values (41 + 1)", "42"),
        ("select unnest([1, 23])", "23"),
        ("from range(3) offset 2", "2"),
        ("from generate_series(1, 2)", "2"),
        ("select 'copy x to y; drop table z' as text", "copy x to y; drop table z"),
        ("describe marts.customer_360", "customer_id"),
        ("summarize marts.first", "customer_id"),
        ("show all tables", "customer_360"),
        ("explain select * from marts.first", "LIMIT"),
        ("select table_name from information_schema.tables", "customer_360"),
        ("select view_name from duckdb_views() where not internal", "first"),
        ("select comment from duckdb_columns() where table_name = 'first'", "comment"),
        ("pivot marts.first on customer_id in ('C0') using count(*)", "1"),
    ],
)
def test_a_question_is_answered(warehouse, sql, shown):
    code, output = query("--", sql)
    assert code == 0, output
    assert shown in output


def test_a_mistyped_relation_is_told_the_nearest(warehouse):
    assert "(nearest: marts.customer_360)" in query("from marts.customer_36")[1]


def test_a_cell_and_its_column_stand_as_they_are(warehouse):
    code, output = query("""select 'a[b] [/x] [bold]c :smile:' || chr(27) || '[31m' || chr(10) as "[red]:cat:" """)
    assert code == 0
    assert r"a[b] [/x] [bold]c :smile:\x1b[31m\n" in output and "[red]:cat:" in output


def test_a_question_without_an_end_is_stopped(warehouse, monkeypatch):
    endless = "select count(*) from range(10000000) as a, range(10000000) as b where hash(a.range, b.range) = 1"
    monkeypatch.setenv("BANK_TAGS_QUERY_MINUTES", "0.01")
    for sql in (endless, "with recursive a as (select 1 as n union all select n + 1 from a) select max(n) from a"):
        code, output = query(sql)
        assert code == 2
        assert "it took longer than 0.01 minutes: narrow it, or set BANK_TAGS_QUERY_MINUTES to more minutes" in output


@pytest.mark.parametrize("said", ["ten", "0", "-1", "1e9", ""])
def test_a_time_limit_that_is_none_is_named(warehouse, monkeypatch, said):
    monkeypatch.setenv("BANK_TAGS_QUERY_MINUTES", said)
    code, output = query("select 1")
    assert code == 2 and "BANK_TAGS_QUERY_MINUTES" in output and "number of minutes" in output


def test_a_file_of_all_rows_is_on_record(warehouse, tmp_path):
    sql = "select customer_id, null as nothing, 'a,\"b\"' as text from marts.customer_360"
    code, output = query(sql, "--to", "out.csv", "--by", "Ann", "--reason", "survey 7")
    assert code == 0 and "250 rows. On record" in output
    file = tmp_path / "out.csv"
    assert file.read_text().splitlines()[:2] == ["customer_id,nothing,text", 'C0,,"a,""b"""']
    assert len(file.read_text().splitlines()) == 251
    (record,) = (tmp_path / "lists" / "query_results").glob("*.parquet")
    for path in (file, record):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    wanted = "queried_by, reason, sql_text, file_name, row_count, file_digest"
    row = duckdb.sql(f"select {wanted} from read_parquet('{record}')").fetchone()
    assert row[:5] == ("Ann", "survey 7", sql, str(file), 250)
    assert len(row[5]) == 64


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--to", "out.csv"], "--reason"),
        (["--to", "out.csv", "--reason", "  "], "blank"),
        (["--to", "out.csv", "--reason", "x", "--by", " "], "blank"),
        (["--to", str(PROJECT_ROOT / "site" / "out.csv"), "--reason", "x"], "served"),
        (["--to", "secret.csv", "--reason", "x"], "exists"),
        (["--reason", "x"], "it is for --to and --csv"),
    ],
)
def test_a_file_without_its_record_is_not_written(warehouse, tmp_path, arguments, says):
    code, output = query("from marts.customer_360", *arguments)
    assert code == 2 and says in output, output
    assert not (tmp_path / "out.csv").exists() and not (PROJECT_ROOT / "site" / "out.csv").exists()
    assert not list(tmp_path.glob("lists/query_results/*.parquet"))
    assert (tmp_path / "secret.csv").read_text() == "secret\nTOP-SECRET\n"


def test_a_question_that_fails_halfway_leaves_neither_file_nor_record(warehouse, tmp_path):
    fails = "select case when range = 249999 then cast('x' || range as int) end as n from range(250000)"
    code, output = query(fails, "--to", "out.csv", "--reason", "x")
    assert code == 2, output
    assert [path.name for path in tmp_path.glob("*csv*")] == ["secret.csv"]
    assert not list(tmp_path.glob("lists/query_results/*.parquet"))


# From a file, and as CSV


def test_the_question_comes_from_a_file_or_is_read(warehouse):
    Path("asked.sql").write_text("\ufeff-- 客户\nselect 41 + 1 as 答;\n", encoding="utf-8")
    for asked in (["asked.sql"], ["--file", "asked.sql"], ["-f", "asked.sql"]):
        assert query(*asked, "--csv") == (0, "答 42 ")
    for asked in (["-"], ["--file", "-"]):
        result = CliRunner().invoke(app, [*asked, "--format", "csv"], input="select 42 as x")
        assert (result.exit_code, result.output.split()) == (0, ["x", "42"])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["none.sql"], "none.sql: No such file"),
        (["--file", "."], ".: Is a directory"),
        (["--file", "latin.sql"], "latin.sql: it is not UTF-8"),
        (["--file", "empty.sql"], "it holds no statement"),
        (["--file", "drop.sql"], "only a SELECT is run"),
        (["select 1", "--file", "drop.sql"], "write one SELECT, or name a file"),
        ([], "write one SELECT, or name a file"),
    ],
)
def test_a_file_that_holds_no_question_is_named(warehouse, arguments, message):
    Path("latin.sql").write_bytes("select 'é'".encode("latin-1"))
    Path("empty.sql").write_text("")
    Path("drop.sql").write_text("drop table marts.customer_360")
    code, output = query(*arguments)
    assert code == 2 and message in output


def test_csv_is_printed_whole_and_as_it_is(warehouse):
    """Every row and sign, for a program to read; a null is nothing."""
    result = CliRunner().invoke(app, ["select 'a,\"b' || chr(10) as x, null as y, 1.50 as z", "--csv"])
    assert list(csv.reader(io.StringIO(result.stdout))) == [["x", "y", "z"], ['a,"b\n', "", "1.50"]]
    few = CliRunner().invoke(app, [f"select range as n from range({MAX_ROWS})", "--csv"])
    assert few.exit_code == 0 and len(few.stdout.splitlines()) == MAX_ROWS + 1
    assert not list(Path("lists").rglob("*.parquet"))


def test_csv_of_more_than_the_screen_shows_goes_on_record(warehouse):
    """Otherwise a pipe would be the way past the record of a file."""
    many = f"select range + 5000 as n from range({MAX_ROWS + 1})"
    for refused, why in ((["--csv"], "say what they are for"), (["--csv", "--reason", "  "], "blank")):
        code, output = query(many, *refused)
        assert code == 2 and why in output and "5007" not in output
    result = CliRunner().invoke(app, [many, "--csv", "--by", "Ann", "--reason", "survey 7"])
    assert result.exit_code == 0 and len(result.stdout.splitlines()) == MAX_ROWS + 2
    (kept,) = Path("lists", "query_results").glob("*.parquet")
    wanted = "queried_by, reason, sql_text, file_name, row_count, file_digest"
    said = duckdb.sql(f"select {wanted} from read_parquet('{kept}')").fetchall()
    digest = hashlib.sha256(result.stdout_bytes).hexdigest()
    assert said == [("Ann", "survey 7", many, "(standard output)", MAX_ROWS + 1, digest)]


def test_csv_that_can_not_go_on_record_is_not_printed(warehouse):
    Path("lists").write_text("no folder")
    code, output = query(f"select range + 5000 as n from range({MAX_ROWS + 1})", "--csv", "--reason", "x")
    assert code == 2 and "5007" not in output


@pytest.fixture
def one_tag(tmp_path, monkeypatch) -> None:
    """A warehouse of one tag."""
    path = tmp_path / "tags.duckdb"
    with duckdb.connect(str(path)) as con:
        for statement in (
            "create schema marts",
            "create schema governance",
            """
            create table marts.customer_tags as
            select 'C1' as customer_id, date '2026-06-30' as as_of_date, 'wealth' as aum_tier
            """,
            "create table governance.tag_dictionary as select 'aum_tier' as tag_code, '客户层级' as name_zh",
            """
            create table governance.tag_values as
            select 'aum_tier' as tag_code, 'wealth' as value, '财富' as name_zh, 1 as display_order
            """,
        ):
            con.execute(statement)
    monkeypatch.setenv("BANK_TAGS_DB", str(path))
    monkeypatch.setenv("COLUMNS", "300")


def test_what_is_no_value_of_a_tag_is_told_beside_the_answer(one_tag):
    """A SELECT is run as it is written; that nobody has such a value is said on stderr."""
    asked = "select count(*) as n from marts.customer_tags where aum_tier = '财富'"
    result = CliRunner().invoke(app, [asked, "--csv"])
    assert (result.exit_code, result.stdout.split()) == (0, ["n", "0"])
    assert result.stderr == "'财富' is no value of aum_tier: write 'wealth' (财富)\n"
    assert CliRunner().invoke(app, [asked.replace("财富", "wealth"), "--csv"]).stderr == ""
    code, output = query("select 客户层级 from marts.customer_tags")
    assert code == 2 and "客户层级 is no tag: write aum_tier (客户层级)" in output
