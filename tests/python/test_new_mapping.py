"""`banktags new mapping`: a skeleton from the bank's own headers, which runs at once or once its blanks are filled."""

import csv
import re
from pathlib import Path

import duckdb
import pytest
from typer.testing import CliRunner

from banktags.cli import app
from banktags.contract import PROJECT_ROOT, read_contract
from banktags.load.skeleton import ALIASES, name_likeness

DATE = ["--date", "2026-06-30"]
#: A bank with English names: European dates, a semicolon, thousands separators, words for codes.
ENGLISH = {
    "clients": "ClientNo;FullName;Sex;Date of Birth;Phone;Job;OpenDate;Status;Segment\n"
    "C001;Ann Li;Female;03.02.1980;13800000001;02;01.02.2015;A;gold\n"
    "C002;Bo Wang;Male;13.12.1975;13800000002;03;05.06.2016;C;none\n",
    "accounts": "acct_no,cust_no,prod_code,ccy,open_dt,close_dt,acct_status,branch_code\n"
    "A1,C001,P1,CNY,2015/2/1,,ACTIVE,B1\nA2,C002,P1,CNY,2016/6/5,2026/1/31,CLOSED,B1\n",
    "balances": 'acct_no,bal_date,eod_balance\nA1,20260630,"1,234.50"\nA2,20260630,12.00\n',
    "postings_202606": "txn_id,acct_no,txn_date,txn_time,dr_cr,txn_amount,txn_type,channel,memo\n"
    'T1,A1,20260629,101500,IN,"1,000.00",TRANSFER,APP,x\nT2,A2,20260630,235959,OUT,5.00,PAYMENT,WEB,y\n',
    "products": "prod_code,prod_name,prod_type\nP1,Current account,DEMAND_DEPOSIT\n",
}
#: What a banker fills into the blanks of examples/csv_extract.
FILLED = {
    "core__accounts": {"'0'": "ACTIVE", "'9'": "CLOSED"},
    "core__customers": {"'01'": "IDC", "'02'": "PASSPORT", "'0'": "ACTIVE", "'9'": "CLOSED"},
    "core__products": {"'HQ'": "DEMAND_DEPOSIT", "'DQ'": "TIME_DEPOSIT"},
    "core__transactions": {
        "'C'": "IN",
        "'D'": "OUT",
        "'ZZ'": "TRANSFER",
        "'XF'": "PAYMENT",
        "'DF'": "SALARY",
        "'JX'": "INTEREST",
        "'SJ'": "APP",
        "'XT'": "SYSTEM",
        "'GT'": "COUNTER",
    },
}


@pytest.fixture
def bank(tmp_path: Path) -> Path:
    (tmp_path / "in").mkdir()
    return tmp_path


def write(bank: Path, **files: str) -> None:
    for name, text in files.items():
        (bank / "in" / f"{name}.csv").write_text(text, encoding="utf-8")


def new_mapping(bank: Path, delivery: Path | None = None):
    arguments = ["new", "mapping", str(delivery or bank / "in"), "--out", str(bank / "mapping")]
    result = CliRunner().invoke(app, arguments)
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


def skeleton(bank: Path, table: str) -> str:
    return (bank / "mapping" / f"{table}.sql").read_text(encoding="utf-8")


def load(bank: Path, *options: str, delivery: Path | None = None, mapping: Path | None = None, to: str = "raw"):
    folders = [str(delivery or bank / "in"), "--mapping", str(mapping or bank / "mapping"), "--to", str(bank / to)]
    return CliRunner().invoke(app, ["load", *folders, *DATE, *options])


def rows(bank: Path, table: str, to: str = "raw") -> list[tuple]:
    files = f"{bank}/{to}/{table.replace('.', '/')}/dt=*/*.parquet"
    return duckdb.sql(f"select * exclude (loaded_at) from read_parquet('{files}') order by all").fetchall()


def test_a_bank_with_english_names_runs_at_once(bank):
    write(bank, **ENGLISH)
    written = new_mapping(bank)
    assert written.exit_code == 0 and "0 to FILL" in written.output
    assert f"Next: banktags load {bank / 'in'} --mapping {bank / 'mapping'}" in written.output
    assert sorted(path.stem for path in (bank / "mapping").glob("*.sql")) == [
        "core__account_balances",
        "core__accounts",
        "core__customers",
        "core__products",
        "core__transactions",
    ]
    result = load(bank)
    assert result.exit_code == 0, result.output
    customers = rows(bank, "core.customers")
    assert [(row[0], row[1], row[4], str(row[5]), row[6], str(row[12]), row[14]) for row in customers] == [
        ("C001", "Ann Li", "F", "1980-02-03", "13800000001", "2015-02-01", "ACTIVE"),
        ("C002", "Bo Wang", "M", "1975-12-13", "13800000002", "2016-06-05", "CLOSED"),
    ]
    account = [str(value) for value in rows(bank, "core.accounts")[1]]
    assert account[:5] == ["A2", "C002", "P1", "CNY", "2016-06-05"]
    assert account[5:9] == ["2026-01-31", "None", "CLOSED", "B1"]
    assert [str(row[2]) for row in rows(bank, "core.account_balances")] == ["1234.50", "12.00"]
    posting = [str(value) for value in rows(bank, "core.transactions")[0]]
    assert posting[:8] == ["T1", "A1", "2026-06-29", "2026-06-29 10:15:00", "IN", "1000.00", "TRANSFER", "APP"]
    text = skeleton(bank, "core__customers")
    assert "-- Not used: Segment." in text and "-- Without a column like it: id_type" in text


def test_a_bank_with_pinyin_names_gives_the_same_as_its_handwritten_mapping(bank):
    example = PROJECT_ROOT / "examples" / "csv_extract"
    assert new_mapping(bank, example / "extract").exit_code == 0
    unfilled = load(bank, delivery=example / "extract")
    assert unfilled.exit_code == 1 and "required but empty" in unfilled.stderr, "what is not filled is refused"
    assert "or let core__accounts.sql say what it is" in unfilled.stderr
    for table, codes in FILLED.items():
        text = skeleton(bank, table)
        for code, meaning in codes.items():
            text = re.sub(rf"when {code} then null  -- FILL", f"when {code} then '{meaning}'  -- filled", text)
        assert "FILL" not in text, text
        (bank / "mapping" / f"{table}.sql").write_text(text, encoding="utf-8")
    result = load(bank, delivery=example / "extract")
    assert result.exit_code == 0, result.output
    by_hand = load(bank, delivery=example / "extract", mapping=example / "mapping", to="by_hand")
    assert by_hand.exit_code == 0
    for table in ("customers", "accounts", "account_balances", "transactions", "products"):
        assert rows(bank, f"core.{table}") == rows(bank, f"core.{table}", to="by_hand"), table


def test_a_bank_with_chinese_names(bank):
    write(
        bank,
        账户余额="账号,余额日期,余额\nA1,2026年6月30日,12.50\n",
        客户信息="客户号,姓名,性别,开户日期,客户状态\nC1,张三,男,2015-02-01,ACTIVE\n",
    )
    assert new_mapping(bank).exit_code == 0
    assert load(bank).exit_code == 0
    assert [str(value) for value in rows(bank, "core.account_balances")[0][:3]] == ["A1", "2026-06-30", "12.50"]
    assert rows(bank, "core.customers")[0][:5] == ("C1", "张三", None, None, "男")


def test_what_is_missing_is_marked(bank):
    write(bank, accounts="acct_no,cust_no,open_dt\nA1,C1,2015-02-01\n")
    assert "3 to FILL" in new_mapping(bank).output
    text = skeleton(bank, "core__accounts")
    for column in ("product_id", "currency", "status"):
        assert re.search(rf"null as {column},  -- FILL: every row needs it\.", text)
    assert "null as maturity_date," in text and "FILL" not in text.split("maturity_date,")[1].split("\n")[0]
    refused = load(bank, "--check")
    assert refused.exit_code == 1 and "accounts.csv, line 2" in refused.output


@pytest.mark.parametrize(
    ("given", "expression", "landed"),
    [
        ("20150201", "cast(strptime(open_dt, '%Y%m%d') as date)", "2015-02-01"),
        ("2015-02-01", "    open_dt as opened_date", "2015-02-01"),
        ("13.02.2015", "cast(strptime(open_dt, '%d.%m.%Y') as date)", "2015-02-13"),
        ("13/02/2015", "cast(strptime(open_dt, '%d/%m/%Y') as date)", "2015-02-13"),
        ("02/13/2015", "cast(strptime(open_dt, '%m/%d/%Y') as date)", "2015-02-13"),
        ("02/03/2015", "-- CHECK: day first, or month first", "2015-03-02"),
        ("2015-02-01 13:45:00", "-- CHECK: the time of day is left out", "2015-02-01"),
        ("20150201134500", "strptime(open_dt, '%Y%m%d%H%M%S')", "2015-02-01"),
    ],
)
def test_days_as_they_are_written(bank, given, expression, landed):
    write(bank, accounts=f"acct_no,cust_no,prod_code,ccy,open_dt,acct_status\nA1,C1,P1,CNY,{given},ACTIVE\n")
    new_mapping(bank)
    assert expression in skeleton(bank, "core__accounts")
    assert load(bank).exit_code == 0
    assert str(rows(bank, "core.accounts")[0][4]) == landed


@pytest.mark.parametrize(
    ("given", "landed"),
    [("1234.5", "1234.50"), ('"1,234.50"', "1234.50"), ('"-1.234,50"', "-1234.50"), ("1234", "1234.00")],
)
def test_amounts_as_they_are_written(bank, given, landed):
    write(bank, balances=f"acct_no,bal_date,balance\nA1,2026-06-30,{given}\n")
    new_mapping(bank)
    assert load(bank).exit_code == 0
    assert str(rows(bank, "core.account_balances")[0][2]) == landed


def test_words_for_codes_are_proposed_where_only_one_can_be_meant(bank):
    write(
        bank,
        accounts="acct_no,cust_no,prod_code,ccy,open_dt,acct_status\n"
        "A1,C1,P1,156,2015-02-01,D\nA2,C1,P1,CNY,2015-02-01,C\nA3,C1,P1,CNY,2015-02-01,7\n",
    )
    new_mapping(bank)
    text = skeleton(bank, "core__accounts")
    assert "when '156' then 'CNY'  -- CHECK" in text and "when 'D' then 'DORMANT'  -- CHECK" in text
    assert "when '7' then null  -- FILL: 1 rows; ACTIVE, DORMANT, FROZEN, CLOSED" in text
    assert "else acct_status" in text, "a code of tomorrow is not lost: it is told as unknown"


def test_names_that_sql_would_misread(bank):
    write(bank, **{"kunden konto": 'account number,"group",balance,date,it\'s\nA1,x,1.00,2026-06-30,y\n'})
    assert new_mapping(bank).exit_code == 0
    assert load(bank).exit_code == 0
    assert rows(bank, "core.account_balances")[0][0] == "A1"


def test_typed_columns_of_parquet_are_taken_as_they_are(bank):
    duckdb.sql("select 7 as acct_no, date '2026-06-30' as bal_date, 1.5::double as balance").write_parquet(
        str(bank / "in" / "balances.parquet")
    )
    new_mapping(bank)
    assert "cast(acct_no as varchar) as account_id" in skeleton(bank, "core__account_balances")
    assert load(bank).exit_code == 0


def test_nothing_is_overwritten(bank):
    write(bank, **ENGLISH)
    new_mapping(bank)
    (bank / "mapping" / "core__accounts.sql").write_text("-- mine", encoding="utf-8")
    for path in (bank / "mapping").glob("*balances.sql"):
        path.unlink()
    result = new_mapping(bank)
    assert result.exit_code == 1 and "core__accounts.sql" in result.stderr and "--out" in result.stderr
    assert skeleton(bank, "core__accounts") == "-- mine"
    assert not (bank / "mapping" / "core__account_balances.sql").exists(), "all or nothing"


def test_a_file_like_no_table_and_two_files_like_one(bank):
    write(bank, weather="station,degrees\nX,12\n", **ENGLISH)
    write(bank, more_accounts=ENGLISH["accounts"].replace("A1", "A9"))
    result = new_mapping(bank)
    assert "Like no table of the contract: weather.csv." in result.output
    assert "-- Like it too, and not selected: more_accounts.csv." in skeleton(bank, "core__accounts")


def test_nothing_to_map(bank):
    assert new_mapping(bank).exit_code == 1
    write(bank, weather="station,degrees\nX,12\n")
    result = new_mapping(bank)
    assert result.exit_code == 1 and "by hand" in result.output and not (bank / "mapping").exists()


def test_a_row_of_values_in_place_of_a_header_is_not_copied(bank):
    write(
        bank, accounts="acct_no,cust_no,prod_code,ccy,open_dt,acct_status,13800138000\nA1,C1,P1,CNY,20150201,ACTIVE,x\n"
    )
    new_mapping(bank)
    assert "13800138000" not in skeleton(bank, "core__accounts")


def test_the_aliases_are_of_the_contract():
    contract = read_contract()
    every = {column.name for table in contract.values() for column in table.columns}
    with ALIASES.open(encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines):
            assert not row["table"] or row["table"] in contract, row
            known = {column.name for column in contract[row["table"]].columns} if row["table"] else every
            assert not row["column"] or row["column"] in known, row
            assert row["aliases"].split(), row


@pytest.mark.parametrize(
    ("name", "column", "table"),
    [
        ("khh", "customer_id", "core.customers"),
        ("KHXM", "name", "core.customers"),
        ("zjhm", "id_no", "core.customers"),
        ("客户号", "customer_id", "core.accounts"),
        ("custNo", "customer_id", "core.accounts"),
        ("Account Number", "account_id", "core.accounts"),
        ("TXN_AMT", "amount", "core.transactions"),
        ("DKYE", "outstanding_principal", "lending.loans"),
    ],
)
def test_likeness_of_names(name, column, table):
    contract = read_contract()[table]
    likeness = {other: name_likeness(name, other, contract) for other in contract.column_names}
    assert max(likeness, key=likeness.get) == column and likeness[column] >= 0.75
