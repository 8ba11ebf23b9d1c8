"""The loader and files as they come: names, packing, encodings, delimiters, headers, dates in names, what is landed."""

import gzip
import os
from pathlib import Path

import duckdb
import pytest
from deliveries import CUSTOMER_COLUMNS, DATE, customers, deliver, landed, load, refused, rows

from banktags.contract import read_contract
from banktags.load.delivery import name_date, undated

BALANCES = "account_id,balance_date,balance\nA1,2026-06-30,10.50\n"
BRANCHES = "branch_id,branch_name,city_code,branch_type\nB1,总行,110000,HEAD\n"


@pytest.fixture
def delivery(tmp_path: Path) -> Path:
    folder = tmp_path / "from"
    folder.mkdir()
    return folder


@pytest.fixture
def raw(tmp_path: Path) -> Path:
    return tmp_path / "raw"


# --- names, extensions, packing ---


def test_extensions_of_text_and_parquet_in_any_case(delivery, raw):
    lines = [f"B{number},支行{number},," for number in range(8)]
    header = BRANCHES.splitlines()[0]
    deliver(
        delivery,
        {
            "core/branches/a.CSV": f"{header}\n{lines[0]}\n",
            "core/branches/b.txt": f"{header}\n{lines[1]}\n".replace(",", "|"),
            "core/branches/c.TSV": f"{header}\n{lines[2]}\n".replace(",", "\t"),
            "core/branches/d.dat": f"{header}\n{lines[3]}\n".replace(",", "\x01"),
            "core/branches/e.DEL": f"{header}\n{lines[4]}\n".replace(",", ";"),
            "core/branches/f.csv.gz": gzip.compress(f"{header}\n{lines[5]}\n".encode()),
            "core/branches/g.TXT.GZ": gzip.compress(f"{header}\n{lines[6]}\n".replace(",", "|").encode()),
        },
    )
    duckdb.sql("select 'B7' as branch_id, '支行7' as branch_name").write_parquet(
        str(delivery / "core/branches/h.PARQUET")
    )
    landed(delivery, raw, *DATE)
    assert rows(raw, "core.branches", "branch_id, branch_name") == [(f"B{n}", f"支行{n}") for n in range(8)]


def test_rows_of_a_packed_file_are_found_by_their_line(delivery, raw):
    text = BALANCES + "A2,2026-06-30,ten\n"
    deliver(delivery, {"core__account_balances.txt.gz": gzip.compress(text.replace(",", "|").encode())})
    assert "core__account_balances.txt.gz, line 3, column balance: not a number" in refused(delivery, raw, *DATE)


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("core__branches.csv.gz", gzip.compress(BRANCHES.encode() * 500, mtime=0)[:-20], "not readable as gzip"),
        ("core__branches.csv.gz", BRANCHES.encode(), "not readable as gzip"),
        ("core__branches.csv.gz", gzip.compress(b"", mtime=0), "empty file"),
        (
            "core__branches.csv",
            gzip.compress(BRANCHES.encode(), mtime=0),
            "its first bytes are those of packed by gzip",
        ),
        ("core__branches.csv", b"PK\x03\x04rest", "a ZIP archive or a spreadsheet"),
        ("core__branches.txt", b"PAR1rest", "its first bytes are those of Parquet"),
        ("core__branches.zip", b"PK\x03\x04rest", "neither .csv nor .parquet"),
        ("core__branches.parquet.gz", b"\x1f\x8brest", "neither .csv nor .parquet"),
    ],
)
def test_what_is_no_text_is_named(delivery, raw, name, content, says):
    deliver(delivery, {name: content})
    message = refused(delivery, raw, *DATE)
    assert f"- {name}" in message and says in message


def test_names_are_no_patterns(delivery, raw):
    names = [
        "a*.csv",
        "ab.csv",
        "c?.csv",
        "c1.csv",
        "d[1].csv",
        "d1.csv",
        'it\'s "q".csv',
        "空 格.csv",
        "{x}.csv",
        "%.csv",
    ]
    deliver(delivery, {f"core/customers/{name}": customers(f"C{n}") for n, name in enumerate(names)})
    landed(delivery, raw, *DATE)
    assert [row[0] for row in rows(raw, "core.customers", "customer_id")] == [f"C{n}" for n in range(len(names))]


def test_signs_of_patterns_and_quotes_in_every_folder(tmp_path):
    for number, name in enumerate(["it's", 'say "x"', "[ab]*?", "数据 仓库", "{braces}", "a;b$c"]):
        delivery, raw, mapping = (tmp_path / name / kind for kind in ("from", "raw", "mapping"))
        deliver(delivery, {"konten.csv": f"konto\nA{number}\n"})
        select = "select konto as account_id, date '2026-06-30' as balance_date, 1 as balance from konten"
        deliver(mapping, {"core__account_balances.sql": select})
        landed(delivery, raw, "--mapping", str(mapping), *DATE)
        assert rows(raw, "core.account_balances", "account_id") == [(f"A{number}",)]
        assert "Landed before with the same content" in landed(delivery, raw, "--mapping", str(mapping), *DATE)


@pytest.mark.parametrize(
    ("name", "says"),
    [
        (b"core__branches_\xff.csv", "core__branches_\\udcff.csv: its name is not UTF-8"),
        (b"core\\branches*.csv", "a backslash and one of * ? ["),
        (b"core__br\nanches.csv", "core__br\\nanches.csv: matches no table"),
    ],
)
def test_name_that_cannot_be_read_is_said_on_one_line(delivery, raw, name, says):
    Path(os.fsdecode(os.fsencode(delivery) + b"/" + name)).write_bytes(BRANCHES.encode())
    message = refused(delivery, raw, *DATE)
    assert says in message and len(message.strip().splitlines()) == 3


def test_longest_name_of_a_file(delivery, raw):
    name = "客" * 83 + "x.csv"
    assert len(name.encode()) == 254
    deliver(delivery, {f"core/customers/{name}": customers("C1")})
    landed(delivery, raw, *DATE)
    assert rows(raw, "core.customers", "customer_id") == [("C1",)]


def test_path_that_no_system_takes(delivery, raw):
    deliver(delivery, {"core__branches.csv": BRANCHES})
    result = load(delivery, raw / ("x" * 300), *DATE)
    assert result.exit_code == 1 and isinstance(result.exception, SystemExit)
    assert "Load stopped, nothing was landed:" in result.stderr and "File name too long" in result.stderr
    assert "remedy: choose a shorter path" in result.stderr and not raw.exists()


# --- nothing delivered is left out in silence ---


def test_links_are_followed(delivery, raw, tmp_path):
    real = deliver(tmp_path / "real", {"customers.csv": customers("C1"), "b.csv": BRANCHES})
    (delivery / "core").symlink_to(real)
    (real / "b.csv").rename(tmp_path / "b.csv")
    (delivery / "core__branches.csv").symlink_to(tmp_path / "b.csv")
    landed(delivery, raw, *DATE)
    assert rows(raw, "core.customers", "customer_id") == [("C1",)]
    assert rows(raw, "core.branches", "branch_id") == [("B1",)]


def test_what_is_no_file_is_refused_by_name(delivery, raw):
    deliver(delivery, {"core__branches.csv": BRANCHES})
    (delivery / "crm").symlink_to(delivery / "nowhere")
    (delivery / "again").symlink_to(delivery)
    os.mkfifo(delivery / "core__customers.csv")
    message = refused(delivery, raw, *DATE)
    assert "- crm: a link to nothing" in message
    assert "- again: a link to a folder that it lies in" in message
    assert "- core__customers.csv: neither a file nor a folder" in message


def test_extracts_that_are_no_extracts_by_name_are_mentioned(delivery, raw):
    deliver(delivery, {"core__branches.csv": BRANCHES, "_core__customers.csv": customers("C1"), "_SUCCESS": ""})
    assert "Left aside, since a name begins with _ or . : _core__customers.csv." in landed(delivery, raw, *DATE)


# --- encodings and delimiters ---


@pytest.mark.parametrize("encoding", ["GB18030", "GBK", "BIG5", "UTF-16", "UTF-16LE", "utf-8"])
@pytest.mark.parametrize("packed", [False, True])
def test_encoding(delivery, raw, encoding, packed):
    text = customers("C1", name="王五").encode(encoding)
    name, content = ("core__customers.csv.gz", gzip.compress(text)) if packed else ("core__customers.csv", text)
    deliver(delivery, {name: content})
    landed(delivery, raw, *DATE, "--encoding", encoding)
    assert rows(raw, "core.customers", "customer_id, name") == [("C1", "王五")]


def test_utf16_without_the_option_says_so(delivery, raw):
    deliver(delivery, {"core__customers.csv": customers("C1").encode("utf-16")})
    message = refused(delivery, raw, *DATE)
    assert "core__customers.csv: UTF-16, not UTF-8, by its first bytes" in message
    assert "pass --encoding UTF-16" in message and "0xff" not in message
    assert "UTF-16, not GBK" in refused(delivery, raw, *DATE, "--encoding", "GBK")


@pytest.mark.parametrize("encoding", ["UTF-16LE", "UTF-16BE"])
def test_utf16_without_a_mark(delivery, raw, encoding):
    deliver(delivery, {"core__customers.csv": customers("C1", name="总行").encode(encoding)})
    message = refused(delivery, raw, *DATE)
    assert "holds NUL bytes: UTF-16, or not text" in message and f"--encoding {encoding}" in message


def test_other_encoding_names_the_option(delivery, raw):
    deliver(delivery, {"core__customers.csv": customers("C1", name="王五").encode("gb18030")})
    message = refused(delivery, raw, *DATE)
    assert "core__customers.csv, line 2: not UTF-8" in message and "--encoding GB18030" in message


def test_text_that_is_not_of_the_encoding_given(delivery, raw):
    deliver(delivery, {"core__customers.csv": customers("C1") + "C2,\x81\n".replace("\x81", "") + "C3,"})
    with (delivery / "core__customers.csv").open("ab") as file:
        file.write(b"\xff\xff\n")
    deliver(delivery, {"core__branches.csv": BRANCHES.encode("gbk")})
    message = refused(delivery, raw, *DATE, "--encoding", "GBK")
    assert "core__customers.csv, line 4: not GBK from here on" in message and "core__branches" not in message


def test_utf8_that_is_said_to_be_another_encoding_does_not_become_other_names(delivery, raw):
    deliver(delivery, {"core__customers.csv": customers("C1", name="欧阳娜娜")})
    assert "UTF-8 already, not GB18030" in refused(delivery, raw, *DATE, "--encoding", "GB18030")


def test_unknown_encoding_and_delimiter(delivery, raw):
    deliver(delivery, {"core__branches.csv": BRANCHES})
    for options, says in ((["--encoding", "klingon"], "no encoding"), (["--encoding", "hex"], "no encoding")):
        result = load(delivery, raw, *DATE, *options)
        assert result.exit_code == 2 and says in result.output
    for sign in ("", "ab", '"', "\n"):
        assert load(delivery, raw, *DATE, "--delimiter", sign).exit_code == 2


@pytest.mark.parametrize(("given", "sign"), [("|", "|"), ("tab", "\t"), ("\\t", "\t"), ("\\x01", "\x01"), ("^", "^")])
def test_delimiter(delivery, raw, given, sign):
    deliver(delivery, {"core__branches.csv": BRANCHES.replace(",", sign)})
    landed(delivery, raw, *DATE, "--delimiter", given)
    assert rows(raw, "core.branches", "branch_id, branch_type") == [("B1", "HEAD")]


def test_line_of_a_bad_row_with_another_delimiter_and_encoding(delivery, raw):
    text = (BALANCES + '"A""2\n|",2026-06-30,1\nA3,2026-06-30,ten\n').replace(",", "|").replace("\n|", "\n,")
    deliver(delivery, {"core__account_balances.csv": text.encode("utf-16")})
    message = refused(delivery, raw, *DATE, "--encoding", "utf-16", "--delimiter", "|")
    assert "line 5, column balance: not a number" in message


def test_mapping_in_another_encoding(delivery, raw, tmp_path):
    deliver(delivery, {"khxx.csv": "客户号,余额\nA1,1\n"})
    select = "select 客户号 as account_id,\n  date '2026-06-30' as balance_date, 余额 as balance from khxx -- 余额表"
    mapping = deliver(tmp_path / "mapping", {"core__account_balances.sql": select.encode("gb18030")})
    message = refused(delivery, raw, *DATE, "--mapping", str(mapping))
    assert "core__account_balances.sql, line 1: not UTF-8" in message and "iconv -f GB18030" in message
    deliver(mapping, {"core__account_balances.sql": "\ufeff" + select})
    landed(delivery, raw, *DATE, "--mapping", str(mapping))


# --- headers ---


def test_header_in_any_case_and_order_with_blanks(delivery, raw):
    deliver(delivery, {"core__account_balances.csv": ' BALANCE ,Account_Id,"Balance_Date"\n1,A1,2026-06-30\n'})
    landed(delivery, raw, *DATE)
    assert rows(raw, "core.account_balances", "account_id, cast(balance as varchar)") == [("A1", "1.00")]


def test_parquet_names_in_any_case(delivery, raw):
    duckdb.sql("select 'A1' as ACCOUNT_ID, date '2026-06-30' as Balance_Date, 1 as balance").write_parquet(
        str(delivery / "core__account_balances.parquet")
    )
    landed(delivery, raw, *DATE)
    assert rows(raw, "core.account_balances", "account_id") == [("A1",)]


def test_columns_that_may_be_empty_may_be_left_out(delivery, raw):
    deliver(delivery, {"core__customers.csv": "customer_id,opened_date,status,name\nC1,2020-01-01,ACTIVE,张三\n"})
    output = landed(delivery, raw, *DATE)
    assert "core.customers: left out of the files, so unknown: annual_income, birth_date" in output
    assert rows(raw, "core.customers", "customer_id, name, mobile, annual_income") == [("C1", "张三", None, None)]


def test_columns_that_a_row_needs_are_asked_for(delivery, raw):
    deliver(delivery, {"core__customers.csv": "customer_id,name,status\nC1,张三,ACTIVE\n"})
    message = refused(delivery, raw, *DATE)
    assert "column opened_date: missing column opened_date" in message and "mobile:" not in message


def test_cells_without_a_name(delivery, raw):
    deliver(delivery, {"core__branches.csv": BRANCHES.replace("\n", ",\n")})
    landed(delivery, raw, *DATE)
    assert rows(raw, "core.branches", "branch_id") == [("B1",)]
    deliver(delivery, {"core__branches.csv": ",branch_id,branch_name,,\n0,B1,x,,\n1,B2,y,,李四\n"})
    message = refused(delivery, raw, *DATE)
    assert "extra column column_1" in message and "extra column column_5" in message and "column_4" not in message


def test_cells_without_a_name_can_be_mapped(delivery, raw, tmp_path):
    deliver(delivery, {"konten.csv": ",saldo\nA1,1\n"})
    select = "select column_1 as account_id, date '2026-06-30' as balance_date, saldo as balance from konten"
    mapping = deliver(tmp_path / "mapping", {"core__account_balances.sql": select})
    landed(delivery, raw, *DATE, "--mapping", str(mapping))


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (customers("C1").split("\n", 1)[1], "none of its columns is in core.customers: the header row is missing"),
        (customers("C1").replace(",", ":"), "none of its columns"),
        ("客户号,姓名\nC1,张三\n", "none of its columns"),
        ("sep=;\n" + customers("C1").replace(",", ";"), "one column found: the delimiter seems to be ';'"),
        ("status,张三,李四\n", "only 1 of its 3 columns is in core.customers"),
        ("\n" + customers("C1"), "the first line is no header"),
    ],
)
def test_header_that_is_wrong_as_a_whole_is_one_message_without_its_cells(delivery, raw, text, says):
    deliver(delivery, {"core__customers.csv": text})
    message = refused(delivery, raw, *DATE)
    assert f"core__customers.csv, line 1: {says}" in message and len(message.strip().splitlines()) == 3
    for cell in ("张三", "C1", "李四", "姓名"):
        assert cell not in message


@pytest.mark.parametrize("count", [6, 5990])
def test_many_unknown_columns_are_one_line(delivery, raw, count):
    extra = "".join(f",x{number}" for number in range(count))
    deliver(
        delivery, {"core__branches.csv": f"branch_id,branch_name,city_code,branch_type{extra}\nB1,x,,{',' * count}\n"}
    )
    message = refused(delivery, raw, *DATE)
    assert f"{count} columns that core.branches does not have: number 5, 6, 7, 8, 9, …" in message
    assert len(message.strip().splitlines()) == 3


def test_more_columns_than_any_file_has(delivery, raw):
    deliver(delivery, {"core__branches.csv": ",".join(f"x{number}" for number in range(20000)) + "\n"})
    assert "line 1: 20,000 columns that the loader does not read: at most 6,000" in refused(delivery, raw, *DATE)


def test_header_once_more_is_no_customer(delivery, raw):
    deliver(delivery, {"core__customers.csv": customers("C1") + customers("C2").replace("customer_id", "Customer_ID")})
    message = refused(delivery, raw, *DATE)
    assert "line 3, column customer_id: the header once more" in message


def test_row_glued_to_the_header_is_not_shown(delivery, raw):
    deliver(delivery, {"core__account_balances.csv": "account_id,balance_date,balance欧阳,2026-06-30,Wang\n"})
    message = refused(delivery, raw, *DATE)
    assert "欧阳" not in message and "Wang" not in message and "missing column balance" in message


# --- dates in names ---


@pytest.mark.parametrize(
    ("name", "kind", "date"),
    [
        ("core__customers_20260630.csv", "core__customers", "2026-06-30"),
        ("customers-2026-06-30.CSV.gz", "customers", "2026-06-30"),
        ("20260630_customers.txt", "customers", "2026-06-30"),
        ("core__customers20260630.csv", "core__customers", "2026-06-30"),
        ("core__customers_20260630_001.csv", "core__customers", "2026-06-30"),
        ("core__customers_20260630_part2.csv", "core__customers", "2026-06-30"),
        ("core__customers_20260630020000.csv", "core__customers", "2026-06-30"),
        ("2026-06-30/customers.csv", "customers", "2026-06-30"),
        ("20260630/core/customers.csv", "customers", "2026-06-30"),
        ("core/customers/dt=2026-06-29/export_20260630.csv", "export", "2026-06-29"),
        ("customers.csv", "customers", "None"),
        ("customers_12345678901.csv", "customers_12345678901", "None"),
    ],
)
def test_date_in_a_name(name, kind, date):
    assert (undated(name), str(name_date(name))) == (kind, date)


def test_dated_names_are_business_dates(delivery, raw):
    deliver(
        delivery,
        {
            "core__customers_20260629.csv": customers("C1"),
            "core__customers_20260630.csv": customers("C1", "C2"),
            "2026-06-30/core/branches.csv": BRANCHES,
        },
    )
    landed(delivery, raw)
    assert [(row[0], str(row[1])) for row in rows(raw, "core.customers", "customer_id, dt")] == [
        ("C1", "2026-06-29"),
        ("C1", "2026-06-30"),
        ("C2", "2026-06-30"),
    ]
    assert str(rows(raw, "core.branches", "dt")[0][0]) == "2026-06-30"


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("core__branches_20260631.csv", "the file name does not name a date"),
        ("20261301/core/branches.csv", "folder 20261301 does not name a date"),
        ("2026-06-29/core__branches_20260630.csv", "two business dates: folder 2026-06-29 says 2026-06-29"),
    ],
)
def test_name_without_a_real_or_with_two_dates(delivery, raw, name, says):
    deliver(delivery, {name: BRANCHES})
    assert f"- {name}: {says}" in refused(delivery, raw, *DATE)


DATED_MAPPING = """
    select konto as account_id, file_date as balance_date, cast(saldo as decimal(18, 2)) as balance, file_date as dt
    from salden
    where file_name like '%salden%'
"""


@pytest.mark.parametrize(
    "names", [("salden_20260629.csv", "salden_20260630.TXT"), ("2026-06-29/salden.csv", "20260630/salden.csv.gz")]
)
def test_dated_files_are_one_view_of_a_mapping(delivery, raw, tmp_path, names):
    for name, text in zip(names, ("konto;saldo\nA1;1\n", "konto;art;saldo\nA1;x;2\nA2;x;3\n"), strict=True):
        deliver(delivery, {name: gzip.compress(text.encode()) if name.endswith(".gz") else text})
    mapping = deliver(tmp_path / "mapping", {"core__account_balances.sql": DATED_MAPPING})
    landed(delivery, raw, "--mapping", str(mapping))
    found = rows(raw, "core.account_balances", "cast(dt as varchar), account_id, cast(balance as int)")
    assert found == [("2026-06-29", "A1", 1), ("2026-06-30", "A1", 2), ("2026-06-30", "A2", 3)]


def test_dated_file_is_still_a_view_of_its_own(delivery, raw, tmp_path):
    deliver(delivery, {"salden_20260629.csv": "konto,saldo\nA1,1\n"})
    sql = DATED_MAPPING.replace("file_date", "date '2026-06-29'").replace("from salden", "from salden_20260629")
    mapping = deliver(tmp_path / "mapping", {"core__account_balances.sql": sql.split("where")[0]})
    landed(delivery, raw, "--mapping", str(mapping))


def test_dated_and_undated_file_of_one_kind(delivery, raw, tmp_path):
    deliver(delivery, {"salden.csv": "konto,saldo\nA1,1\n", "salden_20260629.csv": "konto,saldo\nA1,2\n"})
    mapping = deliver(tmp_path / "mapping", {"core__account_balances.sql": DATED_MAPPING})
    message = refused(delivery, raw, "--mapping", str(mapping))
    assert "salden.csv: bears no date, but salden_20260629.csv does, and both are salden" in message


# --- landing beside what is landed ---


def test_late_table_is_landed_beside_the_others(delivery, raw):
    deliver(delivery, {"core__branches.csv": BRANCHES, "core__customers.csv": customers("C1")})
    landed(delivery, raw, *DATE)
    deliver(delivery, {"core__account_balances.csv": BALANCES})
    assert "Landed before with the same content and left as they are: 2 of 3." in landed(delivery, raw, *DATE)
    assert rows(raw, "core.account_balances", "account_id") == [("A1",)]
    assert rows(raw, "core.batches", "table_name") == [("account_balances",), ("branches",), ("customers",)]


def test_one_of_several_files_is_replaced(delivery, raw):
    deliver(delivery, {"core__branches.csv": BRANCHES, "core__account_balances.csv": BALANCES})
    landed(delivery, raw, *DATE)
    deliver(delivery, {"core__account_balances.csv": BALANCES.replace("10.50", "99.00")})
    output = landed(delivery, raw, *DATE, "--replace")
    assert "Replaced: 1." in output and "left as they are: 1 of 2" in output
    assert rows(raw, "core.account_balances", "cast(balance as varchar)") == [("99.00",)]


@pytest.mark.parametrize(
    ("date", "is_far"),
    [("2027-07-01", False), ("2027-07-02", True), ("2025-06-28", True), ("2062-06-30", True)],
)
def test_business_date_far_from_all_that_is_landed_is_asked_about(delivery, raw, date, is_far):
    deliver(delivery, {"core__branches.csv": BRANCHES})
    landed(delivery, raw, "--date", "2026-06-30")
    deliver(delivery, {"core__branches.csv": BRANCHES.replace("总行", "分行")})
    if is_far:
        message = refused(delivery, raw, "--date", date)
        assert f"business date {date}: more than a year from all that is landed, 2026-06-30 to 2026-06-30" in message
        landed(delivery, raw, "--date", date, "--date-is-right")
    else:
        landed(delivery, raw, "--date", date)
    assert len(rows(raw, "core.branches", "dt")) == 2


def test_date_that_stands_for_none_is_no_business_date(delivery, raw):
    deliver(delivery, {"core__branches.csv": BRANCHES})
    assert "business date 1900-01-01" in refused(delivery, raw, "--date", "1900-01-01")


def test_landed_file_that_is_damaged_is_named(delivery, raw):
    deliver(delivery, {"core__branches.csv": BRANCHES})
    landed(delivery, raw, *DATE)
    (file,) = (raw / "core/branches/dt=2026-06-30").glob("*.parquet")
    file.write_bytes(file.read_bytes()[:-9])
    assert f"{file}: landed before, and not readable as Parquet" in refused(delivery, raw, *DATE)


def test_all_columns_of_customers_are_those_of_the_contract():
    assert (*CUSTOMER_COLUMNS.split(","), "loaded_at", "dt") == read_contract()["core.customers"].column_names
