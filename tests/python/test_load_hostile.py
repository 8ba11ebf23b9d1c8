"""The loader and what should not be in a file: values that only look right, persons in messages, damage, failures."""

import errno
import itertools
import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import duckdb
import pytest
from deliveries import DATE, customers, deliver, landed, load, refused, rows, tree

from banktags.contract import PROJECT_ROOT, read_contract
from banktags.load import publish, stage
from banktags.load.values import no_texts

BALANCES = "account_id,balance_date,balance\nA1,2026-06-30,10.50\n"
LOAN_COLUMNS = (
    "loan_id,customer_id,product_id,loan_type,principal,outstanding_principal,annual_rate,granted_date,status"
)


@pytest.fixture
def delivery(tmp_path: Path) -> Path:
    folder = tmp_path / "from"
    folder.mkdir()
    return folder


@pytest.fixture
def raw(tmp_path: Path) -> Path:
    return tmp_path / "raw"


def reasons(delivery: Path, raw: Path, files: dict[str, str]) -> dict[int, tuple[str, str]]:
    """Column and reason by line (row) of what is set aside of one table."""
    deliver(delivery, files)
    landed(delivery, raw, *DATE, "--max-rejects", "1000")
    files_ = [str(path) for path in (raw / stage.REJECTS).rglob("*.parquet")]
    found = duckdb.read_parquet(files_).select("place, column_name, reason").fetchall() if files_ else []
    return {int(place.split()[1]): (column, reason) for place, column, reason in found}


def lines(table: str, column: str, values: list[str]) -> str:
    """CSV of a table: one row for each of the values in one column, the others filled with what fits."""
    fitting = {"string": "X{}", "date": "2026-01-01", "timestamp": "2026-01-01 00:00:00", "boolean": "true"}
    columns = {
        name.name: fitting.get(name.data_type, "1") for name in read_contract()[table].columns if name.name != "dt"
    }
    cells = ['"' + value.replace('"', '""') + '"' for value in values]
    rows_ = (
        ",".join((columns | {column: cell.replace("{", "{{").replace("}", "}}")}).values()).format(*[number] * 99)
        for number, cell in enumerate(cells)
    )
    return "\n".join([",".join(columns), *rows_]) + "\n"


# --- keys that are no longer keys ---

SPREADSHEET = ["6.22202E+18", "6.22202e+18", "6,22202E+18", "1E+18", "1.5E10", "-6.2E+18", "6222020000000001.0"]
KEYS = ["12E34", "1E5", "E+18", "1.0", "100.00.1", "0006222020000000001", "V1.2E"]


@pytest.mark.parametrize("column", ["customer_id", "id_no", "mobile", "branch_id", "city_code"])
def test_number_of_a_spreadsheet(delivery, raw, column):
    found = reasons(delivery, raw, {"core__customers.csv": lines("core.customers", column, SPREADSHEET + KEYS)})
    assert found == {
        line: (column, "a number that a spreadsheet or a floating column has rounded")
        for line in range(2, 2 + len(SPREADSHEET))
    }
    assert {row[0] for row in rows(raw, "core.customers", column)} == set(KEYS)


def test_number_of_a_spreadsheet_is_refused_with_its_line_and_remedy(delivery, raw):
    deliver(delivery, {"core__account_balances.csv": BALANCES.replace("A1", "6.22202E+18")})
    message = refused(delivery, raw, *DATE)
    assert "core__account_balances.csv, line 2, column account_id: a number that a spreadsheet" in message
    assert "export the column as text" in message and "6.22202E+18" not in message


# --- words for nothing ---

WORDS = [*no_texts(), "null", "(null)", "NaN", " NULL\t"]
NO_WORDS = ["NA", "NONE", "Nullah", "n", "0", "无"]


def test_words_for_nothing_that_the_usual_tools_write():
    assert {"\\N", "NULL", "(NULL)", "<NA>", "N/A", "#N/A", "#REF!", "NAN", "NAT", "-", "--"} <= {*no_texts()}
    assert not {*no_texts()} & {word.upper() for word in NO_WORDS}


def test_word_for_nothing_in_a_text(delivery, raw):
    text = lines("core.customers", "occupation_code", WORDS + NO_WORDS)
    deliver(delivery, {"core__customers.csv": text})
    output = landed(delivery, raw, *DATE)
    assert (
        f"core.customers: words for nothing (NULL, N/A …), taken as empty: {len(WORDS)} in occupation_code." in output
    )
    found = [row[0] for row in rows(raw, "core.customers", "occupation_code")]
    assert found.count(None) == len(WORDS) and {*found} - {None} == set(NO_WORDS)


@pytest.mark.parametrize(
    ("table", "column"),
    [("core.customers", "birth_date"), ("core.customers", "annual_income"), ("crm.contacts", "owns_home")],
)
def test_word_for_nothing_in_other_columns(delivery, raw, table, column):
    words = [word for word in WORDS if word.upper() != "NAN"]
    assert reasons(delivery, raw, {f"{table.replace('.', '__')}.csv": lines(table, column, words)}) == {}
    assert rows(raw, table, column) == [(None,)] * len(words)


def test_word_for_nothing_where_a_value_is_needed(delivery, raw):
    found = reasons(delivery, raw, {"core__customers.csv": lines("core.customers", "status", [*WORDS, "ACTIVE"])})
    assert found == {line: ("status", "required but empty") for line in range(2, 2 + len(WORDS))}


# --- one key, one customer ---

INVISIBLE = ["\t", "\ufeff", "\u200b", "\u00a0", "\u3000", "\u2028", "\u200e", "\x0b", "\x1f", "\u00ad", "\x7f"]


def test_invisible_sign_makes_no_second_customer(delivery, raw):
    ends = [f"{sign}C{n}{sign} " for n, sign in enumerate([*INVISIBLE, " "])]
    within = [f"K{sign}{n}" for n, sign in enumerate([*INVISIBLE, "１"])]
    found = reasons(delivery, raw, {"core__customers.csv": lines("core.customers", "customer_id", ends + within)})
    assert [reason for _, reason in found.values()] == ["holds a sign that nobody sees, or a full-width one"] * len(
        within
    )
    assert {row[0] for row in rows(raw, "core.customers", "customer_id")} == {f"C{n}" for n in range(len(ends))}


def test_invisible_sign_in_parquet_and_in_a_reference(delivery, raw):
    usual = "'P1' as product_id, 'CNY' as currency, date '2026-01-01' as opened_date, 'ACTIVE' as status"
    with duckdb.connect() as con:
        con.execute(f"create table t as select ? as account_id, ? as customer_id, {usual}", ["A1\t", "C\u200b1"])
        con.sql("from t").write_parquet(str(delivery / "core__accounts.parquet"))
        assert "row 1, column customer_id: holds a sign" in refused(delivery, raw, *DATE)
        con.execute("update t set customer_id = ?", ["\ufeffC1"])
        con.sql("from t").write_parquet(str(delivery / "core__accounts.parquet"))
    landed(delivery, raw, *DATE)
    assert rows(raw, "core.accounts", "account_id, customer_id") == [("A1", "C1")]


def test_keys_that_differ_in_invisible_signs_only_are_one(delivery, raw):
    text = customers("C1", '"C1\t"') + customers("C1\u200b", name="李四").split("\n", 1)[1]
    deliver(delivery, {"core__customers.csv": text})
    assert "column (customer_id): primary key repeated" in refused(delivery, raw, *DATE)


# --- the same bounds in CSV and Parquet ---

NUMBERS = ["inf", "-inf", "nan", "infinity", "1_0", "1_000.5", "1e999", "0x10", "1,5", "１", "1 0", "--1", "1e", "."]
DAYS = ["10000-01-01", "0000-01-01", "-0001-01-01", "0001-01-01 (BC)", "infinity", "epoch", "0044-03-15 (BC)"]


@pytest.mark.parametrize(
    ("table", "column", "values", "sound"),
    [
        ("lending.loans", "annual_rate", NUMBERS, ["0.05", "1e-3", "-.5"]),
        ("core.account_balances", "balance", [*NUMBERS, "1e3"], ["10.5", "-3"]),
        ("core.products", "term_days", [*NUMBERS, "1e3"], ["90", "90.0"]),
        ("core.customers", "birth_date", DAYS, ["0001-01-01", "9999-12-31"]),
        ("core.customers", "loaded_at", [f"{day} 00:00:00" for day in DAYS], ["9999-12-31 23:59:59"]),
    ],
)
def test_values_that_only_look_right(delivery, raw, table, column, values, sound):
    found = reasons(delivery, raw, {f"{table.replace('.', '__')}.csv": lines(table, column, values + sound)})
    assert {line: found[line][0] for line in found} == dict.fromkeys(range(2, 2 + len(values)), column)


def test_native_values_of_parquet_are_held_within_the_same_bounds(delivery, raw):
    usual = "'L' || range as loan_id, 'C1' as customer_id, 'P1' as product_id, 'X' as loan_type, 1 as principal"
    rates = "case range when 0 then 'inf' when 1 then '-inf' when 2 then 'nan' else '0.05' end::double as annual_rate"
    days = "'10000-01-01', '0001-01-01 (BC)', 'infinity', '-infinity', '0001-01-01', '9999-12-31'"
    usual += ", 1 as outstanding_principal, 'ACTIVE' as status"
    path = str(delivery / "lending__loans.parquet")
    duckdb.sql(f"select {usual}, date '2026-01-01' as granted_date, {rates} from range(4)").write_parquet(path)
    assert reasons(delivery, raw, {}) == dict.fromkeys((1, 2, 3), ("annual_rate", "not a finite number"))
    for number, (column, kind) in enumerate(
        [
            ("maturity_date", "date"),
            ("loaded_at", "timestamp"),
            ("loaded_at", "timestamptz"),
            ("maturity_date", "varchar"),
        ]
    ):
        day = f"[{days}][range + 1]::{kind} as {column}"
        duckdb.sql(f"select {usual}, date '2026-01-01' as granted_date, {day} from range(6)").write_parquet(path)
        found = reasons(delivery, raw.with_name(f"raw{number}"), {})
        assert found == dict.fromkeys((1, 2, 3, 4), (column, f"not a {'date' if 'date' in column else 'timestamp'}"))


# --- no person in a message ---

#: Names and numbers of persons as files have them: apostrophes, quotes, line ends, digits, scripts, patterns, SQL.
PERSONS = [
    "O'Brien-Zhou",
    'Anna "Ännchen" Müller',
    "Zhang\nSan Feng",
    "王小明7788",
    "Wang5512",
    "110101199003078515",
    "13800138000",
    "d'Arc'; vacuum x; --",
    "欧阳娜娜",
    "Nguyễn Văn Ánh",
    "{Smith}%s",
    "Robert\tTables",
    "MCDONALD",
    "e\u0301lise`Petit",
    "محمد علي",
]


def _cell(value: str) -> str:
    return '"' + value.replace('"', '""') + '"'


def _shown(message: str, persons: list[str]) -> list[str]:
    """What of persons a message shows: a value, or a word of three signs and more of one."""
    parts = set(persons)
    for person in persons:
        words = "".join(sign if sign.isalnum() else " " for sign in person).split()
        parts |= {word for word in words if len(word) > 2 or not word.isascii()}
    return [part for part in parts if part in message or repr(part)[1:-1] in message]


def _refused_files(person: str) -> dict[str, str | bytes]:
    """Files of customers that are refused, each for another reason, with a person somewhere in them."""
    cell, usual = _cell(person), customers("C1")
    line = usual.split("\n")[1]
    return {
        "no header": f"C1,{cell},{cell}x\n{line}\n",
        "no header and equal cells": f"{cell},{cell},a\n{line}\n",
        "person in the header": usual.replace("manager_id", cell, 1),
        "person for a column": usual.replace("manager_id", f"manager_id,{cell}", 1).replace(",,\n", ",,,\n"),
        "glued header": usual.replace("manager_id\n", f"manager_id{cell},2026-06-30,{cell},1\n"),
        "torn line": f"{usual}C2,{cell}\n",
        "too many fields": f"{usual}{line},{cell},{cell}\n",
        "open quote": f'{usual}C2,"{person}\n{line}\n',
        "stray quote": f'{usual}C2,x"{cell}"y,\n{line}\n',
        "encoding": usual.encode() + b"C2," + person.encode() + b"\xff,\n",
        "nul": f"{usual}C2,{cell}\0,\n",
        "missing column": f"customer_id,name,status\nC1,{cell},ACTIVE\n",
    }


def test_no_message_about_a_file_shows_a_person(delivery, raw):
    files = {
        f"core/customers/{reason} {number}.csv": content
        for number, person in enumerate(PERSONS)
        for reason, content in _refused_files(person).items()
    }
    message = refused(deliver(delivery, files), raw, *DATE)
    assert len([line for line in message.splitlines() if line.startswith("- core/customers/")]) >= len(files) - 3
    assert not _shown(message, PERSONS)


@pytest.mark.parametrize("first", [0, 5, 10])
def test_no_message_about_a_row_shows_a_person(tmp_path, first):
    persons = PERSONS[first : first + 5]
    columns = {
        "core.customers": "opened_date",
        "core.managers": "is_active",
        "core.products": "term_days",
        "crm.consents": "given_at",
        "crm.contacts": "birth_date",
        "lending.loans": "annual_rate",
        "lending.limits": "granted_amount",
        "marketing.costs": "amount",
        "card.cards": "issued_date",
    }
    files = {f"{name.replace('.', '__')}.csv": lines(name, column, persons) for name, column in columns.items()}
    hidden = [f"{person[0]}\u200b{person[1:]}" for person in persons]
    files["core__accounts.csv"] = lines("core.accounts", "account_id", hidden)
    files["core__branches.csv"] = lines("core.branches", "branch_id", persons[:1] * 2).replace("2026", "2025", 1)
    message = refused(deliver(tmp_path / "from", files), tmp_path / "raw", *DATE)
    assert message.count("column ") >= 5 * (len(files) - 2) and not _shown(message, persons)
    output = landed(tmp_path / "from", tmp_path / "raw", *DATE, "--max-rejects", "100")
    checked = " or ".join(f"column_name = '{column}'" for column in columns.values())
    rejects = duckdb.sql(f"from read_parquet('{tmp_path}/raw/_load/rejects/*/*.parquet') where {checked}")
    masked = rejects.select("masked_row").fetchall()
    assert len(masked) >= 5 * (len(columns) - 1) and not _shown(f"{output} {masked}", persons)


def test_no_message_about_the_control_table_shows_a_person(delivery, raw):
    header = "batch_id,business_date,system_name,table_name,row_count,rejected_count,content_hash\n"
    persons = [person for person in PERSONS if person.isprintable()]
    announced = "".join(f"X{n},2026-06-30,{_cell(person)},{_cell(person)},1,0,x\n" for n, person in enumerate(persons))
    deliver(delivery, {"core__batches.csv": header + announced, "core__branches.csv": "branch_id,branch_name\nB1,x\n"})
    message = refused(delivery, raw, *DATE)
    assert f"{len(persons)} of its rows name a table that the contract does not have" in message
    assert not _shown(message, PERSONS)


@pytest.mark.parametrize("select", ["客户号 as customer_id", "k.nr as customer_id", "* exclude (x)", "*, *", "kh as x"])
def test_no_message_about_a_select_shows_a_person_of_a_file_without_a_header(delivery, raw, select):
    persons = ["欧阳娜娜", "O'Brien", "MCDONALD", "Zhang\nSan Feng"]
    deliver(delivery, {"kh.csv": ",".join(map(_cell, persons)) + "\nx,y,z,a\n"})
    mapping = deliver(delivery.parent / "mapping", {"core__customers.sql": f"select {select} from kh as k"})
    message = refused(delivery, raw, *DATE, "--mapping", str(mapping))
    assert not _shown(message, persons) and "core__customers.sql" in message


def test_no_message_about_parquet_shows_a_person(delivery, raw):
    (delivery / "core" / "customers").mkdir(parents=True)
    usual = "'C1' as customer_id, date '2020-01-01' as opened_date, 'ACTIVE' as status"
    numbers = itertools.count()
    for person in PERSONS:
        name, text = '"' + person.replace('"', '""') + '"', "'" + person.replace("'", "''") + "'"
        for select in (
            f"{usual}, 1 as {name}",
            f'1 as {name}, 2 as {name[:-1]}x"',
            f"{usual}, {{{text}: 1}} as mobile",
            f"{usual}, map {{{text}: 1}} as mobile",
            f"{usual}, [{text}] as mobile",
        ):
            path = delivery / "core" / "customers" / f"{next(numbers)}.parquet"
            duckdb.sql(f"select {select}").write_parquet(str(path))
    message = refused(delivery, raw, *DATE)
    assert message.count("- core/customers/") >= next(numbers) and not _shown(message, PERSONS)


# --- damage ---


def test_parquet_cut_off_anywhere_is_named(delivery, raw):
    whole = delivery.parent / "whole.parquet"
    duckdb.sql("select 'B' || range as branch_id, md5(range::varchar) as branch_name from range(3000)").write_parquet(
        str(whole)
    )
    content = whole.read_bytes()
    deliver(delivery, {"core__customers.csv": customers("C1")})
    for kept in (0, 1, 4, 100, len(content) // 2, len(content) - 4, len(content) - 1):
        deliver(delivery, {"core__branches.parquet": content[:kept]})
        message = refused(delivery, raw, *DATE)
        assert "core__branches.parquet: not readable as Parquet" in message and "core__customers" not in message


def test_file_that_may_not_be_read_is_named(delivery, raw, monkeypatch):
    deliver(delivery, {"core__customers.csv": customers("C1"), "core__branches.parquet": b"PAR1"})
    opened = Path.open

    def guarded(path, *args, **kwargs):
        if path.parent == delivery:
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))
        return opened(path, *args, **kwargs)

    monkeypatch.setattr(Path, "open", guarded)
    message = refused(delivery, raw, *DATE)
    for name in ("core__customers.csv", "core__branches.parquet"):
        assert f"- {name}: cannot be read: Permission denied" in message


@pytest.mark.parametrize("length", [131_073, 3_000_000])
def test_long_cell(delivery, raw, length):
    text = customers("C1", name='"' + "长" * length + '"') + "C2,x,,,,,,,,,,,not a day,,ACTIVE,,,,,\n"
    deliver(delivery, {"core__customers.csv": text})
    assert "line 3, column opened_date: not a date" in refused(delivery, raw, *DATE)
    landed(delivery, raw, *DATE, "--max-rejects", "1")
    assert rows(raw, "core.customers", "length(name)") == [(length,)]


def test_line_longer_than_any(delivery, raw):
    deliver(delivery, {"core__customers.csv": customers("C1", name='"' + "x" * (17 << 20) + '"')})
    assert "a line longer than 16,777,216 bytes" in refused(delivery, raw, *DATE)


# --- failures of the machine: one line, nothing left behind ---


def test_disk_that_is_full(delivery, raw, tmp_path):
    disk = tmp_path / "disk"
    disk.mkdir()
    if os.geteuid() != 0 or subprocess.run(["mount", "-t", "tmpfs", "-o", "size=300k", "tmpfs", disk]).returncode:
        pytest.skip("no right to mount a small disk")
    try:
        deliver(delivery, {"core__customers.csv": customers(*(os.urandom(8).hex() for _ in range(30000)))})
        result = load(delivery, disk / "raw", *DATE)
        assert result.exit_code == 1 and isinstance(result.exception, SystemExit), result.output
        assert "Load stopped, nothing was landed" in result.stderr and "No space left on device" in result.stderr
        assert "free space there" in result.stderr and not list(disk.iterdir())
    finally:
        subprocess.run(["umount", disk], check=True)


def test_landing_zone_that_may_not_be_written(delivery, tmp_path):
    disk = tmp_path / "disk"
    disk.mkdir()
    deliver(delivery, {"core__customers.csv": customers("C1")})
    if os.geteuid() != 0 or subprocess.run(["mount", "-t", "tmpfs", "-o", "ro", "tmpfs", disk]).returncode:
        pytest.skip("no right to mount a disk that is read-only")
    try:
        result = load(delivery, disk / "raw", *DATE)
        assert result.exit_code == 1 and isinstance(result.exception, SystemExit), result.output
        assert "Read-only file system" in result.stderr and "with --to" in result.stderr
    finally:
        subprocess.run(["umount", disk], check=True)


def test_landing_zone_that_is_a_file(delivery, raw):
    deliver(delivery, {"core__customers.csv": customers("C1")})
    raw.write_text("no folder")
    result = load(delivery, raw, *DATE)
    assert result.exit_code == 1 and "Load stopped, nothing was landed" in result.stderr and "remedy" in result.stderr
    assert raw.read_text() == "no folder"


@pytest.mark.parametrize(
    ("step", "number"),
    [("stage_rows", errno.ENOSPC), ("stage_records", errno.EACCES), ("stage_empty_tables", errno.EIO)],
)
def test_failure_in_the_midst_of_staging(delivery, raw, monkeypatch, step, number):
    deliver(delivery, {"core__account_balances.csv": BALANCES})

    def fail(*_):
        raise OSError(number, os.strerror(number), str(raw / "somewhere"))

    monkeypatch.setattr(stage, step, fail)
    message = refused(delivery, raw, *DATE)
    assert f"Load stopped, nothing was landed: {raw / 'somewhere'}: {os.strerror(number)}" in message


@pytest.mark.parametrize(
    ("error", "says"),
    [
        (duckdb.ConversionException("Could not convert string '张三' to INT32"), "DuckDB failed while staging"),
        (duckdb.InternalException("at 张三"), "(InternalException)"),
        (duckdb.OutOfMemoryException("failed for 张三"), "out of memory"),
        (duckdb.IOException("Could not write: No space left on device"), "No space left on device"),
        (RuntimeError("Query interrupted"), "interrupted"),
        (KeyboardInterrupt(), "interrupted"),
    ],
)
def test_unforeseen_error_of_duckdb_shows_its_kind_only(delivery, raw, monkeypatch, error, says):
    deliver(delivery, {"core__account_balances.csv": BALANCES})

    def fail(*_):
        raise error

    monkeypatch.setattr(stage, "stage_rows", fail)
    message = refused(delivery, raw, *DATE)
    assert says in message and "张三" not in message


def test_failure_after_the_commitment_says_that_the_batch_is_landed(delivery, raw, monkeypatch):
    deliver(delivery, {"core__customers.csv": customers("C1")})
    replace, calls = Path.replace, itertools.count()

    def fail_once(path, target):
        if next(calls) == 3:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))
        return replace(path, target)

    monkeypatch.setattr(Path, "replace", fail_once)
    result = load(delivery, raw, *DATE)
    assert result.exit_code == 1 and "the batch is landed and the next load or build makes it visible" in result.stderr
    monkeypatch.undo()
    assert "Landed before with the same content" in landed(delivery, raw, *DATE)
    assert not (raw / publish.LOAD).exists()


INTERRUPTED_LOAD = """
    import sys
    from banktags.cli import app
    app(["load", sys.argv[1], "--to", sys.argv[2], "--date", "2026-06-30"])
"""


@pytest.mark.parametrize(
    ("patience", "number"), [(0.0, signal.SIGINT), (0.4, signal.SIGINT), (0.4, signal.SIGTERM), (0.8, signal.SIGINT)]
)
def test_a_load_that_is_told_to_end_lands_nothing(delivery, raw, patience, number):
    many = "".join(f"A{number},2026-06-30,{number}.5\n" for number in range(1_500_000))
    deliver(delivery, {"core__account_balances.csv": BALANCES + many})
    before = tree(raw)
    command = [sys.executable, "-c", textwrap.dedent(INTERRUPTED_LOAD), str(delivery), str(raw)]
    run = subprocess.Popen(command, cwd=PROJECT_ROOT, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    while not (raw / publish.STAGING).exists():
        assert run.poll() is None, run.communicate()
        time.sleep(0.01)
    time.sleep(patience)
    run.send_signal(number)
    output, said = run.communicate(timeout=120)
    assert run.returncode == 128 + number, said
    assert "Load stopped, nothing was landed: interrupted" in said and "Traceback" not in said + output
    assert tree(raw) == before
