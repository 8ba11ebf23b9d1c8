"""What the loader says of a delivery as a whole: codes that nobody knows, batches that shrank, and `load --check`."""

import datetime
import json
import re
import shutil
from pathlib import Path

import duckdb
import pytest
from typer.testing import CliRunner

from banktags.cli import app
from banktags.contract import PROJECT_ROOT, STAGING, read_contract
from banktags.load import damage
from banktags.load.damage import FALLEN, QUARANTINED, UNKNOWN, known_codes, threshold_of
from banktags.seeds import rows as seed_rows
from banktags.seeds.rows import read_rows

DATE = ["--date", "2026-06-30"]
CUSTOMERS = (
    "customer_id,name,id_type,id_no,gender,birth_date,mobile,city_code,occupation_code,education_code,"
    "marital_status_code,annual_income,opened_date,closed_date,status,branch_id,manager_id\n"
)
ACCOUNTS = "account_id,customer_id,product_id,currency,opened_date,closed_date,maturity_date,status,branch_id\n"
BALANCES = "account_id,balance_date,balance\n"


@pytest.fixture
def delivery(tmp_path: Path) -> Path:
    folder = tmp_path / "from"
    folder.mkdir()
    return folder


@pytest.fixture
def raw(tmp_path: Path) -> Path:
    return tmp_path / "raw"


def load(delivery: Path, raw: Path, *options: str):
    result = CliRunner().invoke(app, ["load", str(delivery), "--to", str(raw), *(options or DATE)])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


def customers(rows: int, gender: str = "M", city: str = "110000", status: str = "ACTIVE") -> str:
    return CUSTOMERS + "".join(f"C{n},张三,,,{gender},,,{city},,,,,2020-01-01,,{status},,\n" for n in range(rows))


def accounts(rows: int, currency: str = "CNY", status: str = "ACTIVE") -> str:
    return ACCOUNTS + "".join(f"A{n},C{n},P1,{currency},2020-01-01,,,{status},\n" for n in range(rows))


# --- which codes a column has ---


def test_the_contract_names_the_codes_that_staging_knows():
    """Lists and dictionaries of the contract are those of the base models: no code is told that staging takes."""
    contract = read_contract()
    judged = set()
    (refusals,) = re.findall(
        r"macro refusal_statuses\(\) -%}\n(.*?)\n",
        (PROJECT_ROOT / "macros" / "contact" / "contact.sql").read_text(encoding="utf-8"),
    )
    for path in sorted(STAGING.glob("*/base_*.sql")):
        table = contract[path.stem.removeprefix("base_").replace("__", ".")]
        columns = {column.name: column for column in table.columns}
        sql = path.read_text(encoding="utf-8").replace("{{ refusal_statuses() }}", refusals)
        lists = re.findall(r"code_or_unknown\(\s*'(?:\w+\.)?(\w+)',\s*\[(.*?)\]", sql, re.S)
        lists += re.findall(r"when (?:\w+\.)?(\w+) not in \((.*?)\)", sql, re.S)
        for column, codes in lists:
            assert columns[column].codes == tuple(re.findall(r"'([^']+)'", codes)), f"{table.qualified_name}.{column}"
            judged.add((table.qualified_name, column))
        joins = re.findall(r"join \{\{ ref\('(\w+)'\) \}\} as \w+\s+on (.*?) = \w+\.(\w+)", sql)
        looked_up = r"join \{\{ codes_of\('(\w+)', '(\w+)'\) \}\} as \w+\s+on (.*?) = "
        joins += [(seed, left, key) for seed, key, left in re.findall(looked_up, sql)]
        for seed, left, key in joins:
            column = re.findall(r"\.(\w+)", left)[0]
            assert columns[column].dictionary == f"{seed}.{key}", f"{table.qualified_name}.{column}"
            judged.add((table.qualified_name, column))
    named = {
        (name, column.name)
        for name, table in contract.items()
        for column in table.columns
        if column.codes or column.dictionary
    }
    assert named - judged <= {("core.accounts", "currency")}, "the currency is judged by the loader alone"
    assert judged <= named


def test_every_dictionary_of_the_contract_is_there():
    for table in read_contract().values():
        for column in table.columns:
            if column.dictionary or column.codes:
                assert known_codes(column, table), f"{table.qualified_name}.{column.name}"
    with pytest.raises(FileNotFoundError, match=r"seeds/\*\*/planets.csv"):
        read_rows("planets")


def test_the_most_exact_threshold_counts():
    contract = read_contract()
    customers_table, contacts = contract["core.customers"], contract["crm.contacts"]
    assert threshold_of(UNKNOWN, customers_table, "gender").fail == 0.25
    assert threshold_of(UNKNOWN, customers_table, "city_code").fail is None, "of the column in any table"
    assert threshold_of(UNKNOWN, contacts, "mobile").fail == 0.5, "of the column of the table"
    assert threshold_of(QUARANTINED, customers_table).warn == 0.01
    assert threshold_of(FALLEN, customers_table) is None, "a table of versions has no usual batch"


# --- loud at load ---


def test_gender_in_another_code_for_a_whole_bank(delivery, raw):
    text = CUSTOMERS + "".join(
        f"C{n},张三,,,{'Male' if n % 3 else 'Female'},,,,,,,,2020-01-01,,ACTIVE,,\n" for n in range(30)
    )
    (delivery / "core__customers.csv").write_text(text)
    result = load(delivery, raw)
    assert result.exit_code == 0, "the build fails, the load only says so"
    assert (
        "WARNING core.customers.gender: 30 of 30 values (100%) are codes that nobody knows, "
        "most often 'aaaa' (20), 'aaaaaa' (10); no tag uses them; the build will fail" in result.stderr
    )
    assert "seed genders" in result.stderr and "Male" not in result.output, "gender is C2: shapes only"


def test_a_currency_that_nobody_knows_is_shown_as_it_is(delivery, raw):
    (delivery / "core__accounts.csv").write_text(accounts(30, "RMB"))
    result = load(delivery, raw)
    assert "core.accounts.currency: 30 of 30 values (100%)" in result.stderr and "'RMB' (30)" in result.stderr


RATES = "currency,rate_date,mid_rate\n"


@pytest.mark.parametrize(
    ("base", "foreign", "rates", "told"),
    [
        (None, 0, "", None),
        (
            None,
            1,
            "",
            "CNY, but in USD (1); core.exchange_rates has no rate of USD",
        ),
        (None, 2, "", "2 of 4 accounts"),  # half of them are not most
        (None, 3, "", "3 of 4 accounts are not in the base currency CNY, but in USD (3); the build will fail"),
        ("USD", 3, "", "1 of 4 accounts are not in the base currency USD, but in CNY (1)"),
        ("USD", 4, "", None),
        (None, 2, "USD,2026-06-01,7.1\n", None),
        (None, 2, "EUR,2026-06-01,8.1\n", "has no rate of USD"),
    ],
)
def test_accounts_in_another_currency_are_told(delivery, raw, monkeypatch, base, foreign, rates, told):
    monkeypatch.delenv("BANK_TAGS_CURRENCY", raising=False)
    if base:
        monkeypatch.setenv("BANK_TAGS_CURRENCY", base)
    rows = [f"A{n},C{n},P1,{'usd' if n < foreign else 'CNY'},2020-01-01,,,ACTIVE,\n" for n in range(4)]
    (delivery / "core__accounts.csv").write_text(ACCOUNTS + "".join(rows))
    (delivery / "core__exchange_rates.csv").write_text(RATES + rates)
    checked, loaded = load(delivery, raw, *DATE, "--check").output, load(delivery, raw).stderr
    for output in (checked, loaded):
        assert ("WARNING core.accounts.currency" in output) is bool(told), output
        assert (told or "") in output and (not told or "remedy: " in output)


def test_rates_that_were_landed_before_are_rates(delivery, raw):
    (delivery / "core__exchange_rates.csv").write_text(RATES + "USD,2026-06-01,7.1\n")
    load(delivery, raw, "--date", "2026-06-29")
    (delivery / "core__exchange_rates.csv").unlink()
    (delivery / "core__accounts.csv").write_text(accounts(3) + "A9,C9,P1,USD,2020-01-01,,,ACTIVE,\n")
    assert "WARNING" not in load(delivery, raw).stderr


def test_what_looks_like_no_code_is_a_shape_in_a_harmless_column_too(delivery, raw):
    (delivery / "core__accounts.csv").write_text(accounts(30, status="Wang Wu 13800138000"))
    result = load(delivery, raw)
    assert "core.accounts.status: 30 of 30" in result.stderr and "Wang" not in result.output
    assert "13800138000" not in result.output


@pytest.mark.parametrize("command", ["load", "new mapping"])
def test_a_seed_that_a_spreadsheet_saved_is_named(delivery, raw, tmp_path, monkeypatch, command):
    seeds = tmp_path / "seeds"
    shutil.copytree(PROJECT_ROOT / "seeds", seeds)
    mappings = seeds / "dictionaries" / "code_mappings.csv"
    mappings.write_bytes(mappings.read_bytes() + "genders,Male,M,男\n".encode("gbk"))
    monkeypatch.setattr(seed_rows, "PROJECT_ROOT", tmp_path)
    (delivery / "core__customers.csv").write_text(customers(1))
    options = ["--to", str(raw), *DATE] if command == "load" else ["--out", str(tmp_path / "mapping")]
    result = CliRunner().invoke(app, [*command.split(), str(delivery), *options])
    assert result.exit_code == 1 and isinstance(result.exception, SystemExit)
    assert re.search(
        r"code_mappings.csv, line 2: saved as GBK, not UTF-8. Save it as CSV UTF-8, or: iconv", result.stderr
    )
    assert not list(tmp_path.glob("raw/core/customers/dt=2026*"))
    mappings.write_bytes("dictionary,bank_code,code,note\ngenders,Male,M,男\n".encode("utf-8-sig"))
    assert read_rows("code_mappings") == [{"dictionary": "genders", "bank_code": "Male", "code": "M", "note": "男"}]


@pytest.mark.parametrize(
    ("status", "rows", "shown"),
    [
        ("SMITH", 30, "'aaaaa' (30)"),  # a word in capitals is a person's name as well as a code
        ("SMITH_JONES", 30, "'aaaaa_aaaaa' (30)"),
        ("Settled", 30, "'Settled' (30)"),  # … unless it is a code of some other column
        ("CLSD", 30, "'aaaa' (30)"),
        ("LEE", 9, "'aaa' (9)"),  # an abbreviation is one when many rows carry it
        ("CLO", 10, "'CLO' (10)"),
        ("S01", 1, "'S01' (1)"),
        ("13800138000", 30, "'99999999999' (30)"),
    ],
)
def test_a_strange_code_is_shown_only_where_it_can_be_nobodys_name(delivery, raw, status, rows, shown):
    (delivery / "core__customers.csv").write_text(customers(rows, status=status))
    seen = CliRunner().invoke(app, ["load", str(delivery), "--to", str(raw), *DATE, "--check"])
    assert shown in seen.output, seen.output


@pytest.mark.parametrize(("strange", "told"), [(9, False), (10, True), (11, True)])
def test_few_strange_codes_are_no_damage(delivery, raw, strange, told):
    text = customers(200 - strange) + customers(200, gender="X").split("\n", 1 + 200 - strange)[-1]
    (delivery / "core__customers.csv").write_text(text)
    assert ("core.customers.gender" in load(delivery, raw).stderr) is told, "10 rows and 5 % are the bounds"


@pytest.mark.parametrize("gender", ["M", "m", " F ", "男", "1", ""])
def test_codes_are_judged_without_case_and_blanks(delivery, raw, gender):
    (delivery / "core__customers.csv").write_text(customers(30, gender=gender))
    assert "WARNING" not in load(delivery, raw).stderr


def test_the_banks_own_codes_are_known_by_their_mapping(delivery, raw, monkeypatch):
    rows = [
        {"dictionary": "genders", "bank_code": "male ", "code": "M", "note": ""},
        {"dictionary": "core.customers.status", "bank_code": "01", "code": "ACTIVE", "note": ""},
        {"dictionary": "core.customers.status", "bank_code": "02", "code": "ASLEEP", "note": ""},
    ]
    read = damage.read_rows
    monkeypatch.setattr(damage, "read_rows", lambda name: rows if name == "code_mappings" else read(name))
    (delivery / "core__customers.csv").write_text(customers(30, gender="Male", status="01"))
    assert "WARNING" not in load(delivery, raw).stderr
    (delivery / "core__customers.csv").write_text(customers(30, gender="Female", status="02"))
    told = load(delivery, raw, *DATE, "--replace").stderr
    assert "core.customers.gender: 30 of 30" in told and "seed code_mappings for genders" in told
    assert "core.customers.status: 30 of 30" in told and "code_mappings for core.customers.status" in told


def test_a_county_counts_as_its_prefecture(delivery, raw):
    (delivery / "core__customers.csv").write_text(customers(30, city="130102"))
    assert "WARNING" not in load(delivery, raw).stderr
    (delivery / "core__customers.csv").write_text(customers(30, city="990102"))
    assert "core.customers.city_code: 30 of 30" in load(delivery, raw, *DATE, "--replace").stderr


@pytest.mark.parametrize(("rows", "told", "fails"), [(31, False, False), (30, True, False), (9, True, True)])
def test_a_batch_that_shrank(delivery, raw, rows, told, fails):
    """Of 200 rows a day fall to 30 % and less: 70 % fewer are told, 90 % fewer fail the build."""
    rows *= 20
    for day in range(1, 8):
        date = f"2026-06-{day:02d}"
        size = 2000 if day < 7 else rows
        lines = "".join(f"A{n},{date},1.00\n" for n in range(size))
        folder = delivery / "core" / "account_balances" / f"dt={date}"
        folder.mkdir(parents=True)
        (folder / "part.csv").write_text(BALANCES + lines)
        if day == 4:
            assert "WARNING" not in load(delivery, raw).stderr, "fewer than five batches say nothing of what is usual"
    result = load(delivery, raw)
    assert result.exit_code == 0
    assert ("core.account_balances: " in result.stderr and "usually 2,000" in result.stderr) is told
    assert ("the build will fail" in result.stderr) is fails


# --- load --check ---


def test_check_lands_nothing_and_says_what_would_happen(delivery, raw):
    (delivery / "core__customers.csv").write_text(customers(20, gender="Male"))
    (delivery / "core__accounts.csv").write_text(accounts(25))
    (delivery / "core__account_balances.csv").write_text(
        BALANCES + "".join(f"A{n},{datetime.date(2026, 6, 1 + n)},1.00\n" for n in range(25))
    )
    result = load(delivery, raw, *DATE, "--check")
    assert result.exit_code == 0 and not raw.exists()
    text = result.output
    assert "core.account_balances: 25 rows, 0 refused; tells of 2026-06-01 to 2026-06-25" in text
    assert re.search(r"gender +unknown codes +20 +100\.0% +'aaaa' \(20\)", text)
    assert re.search(r"customer_id +leads nowhere +5 +20\.0% +core\.customers\.customer_id", text)
    assert re.search(r"product_id +leads nowhere, for the table is not delivered +25 +100\.0%", text)
    assert "Never delivered, so what tags read of them is unknown" in text and "digital.app_events" in text
    assert "WARNING core.customers.gender" in text and "the build will fail" in text
    assert "nothing is landed" in text and "Male" not in text
    assert load(delivery, raw).exit_code == 0
    again = load(delivery, raw, *DATE, "--check")
    assert "1 business dates, 0 to land" in again.output and "Landed before with the same content" in again.output


def test_check_finds_references_among_what_is_landed(delivery, raw):
    (delivery / "core__customers.csv").write_text(customers(20))
    load(delivery, raw)
    (delivery / "core__customers.csv").unlink()
    (delivery / "core__accounts.csv").write_text(accounts(20))
    result = load(delivery, raw, *DATE, "--check")
    assert not re.search(r"customer_id +leads nowhere", result.output)
    assert "Not in this delivery, landed before: core.customers (2026-06-30 to 2026-06-30)" in result.output


def test_check_refuses_what_a_load_refuses_and_goes_on_with_the_rest(delivery, raw):
    (delivery / "core__customers.csv").write_text(customers(20, status=""))
    (delivery / "core__accounts.csv").write_text("account_id\nA1\n")
    (delivery / "core__account_balances.csv").write_text(BALANCES + "A1,2026-06-31,1.00\nA2,2026-06-30,x\n")
    result = load(delivery, raw, *DATE, "--check")
    assert result.exit_code == 1 and not raw.exists()
    assert re.search(r"status +refused: required but empty +20 +100\.0%", result.output)
    assert re.search(r"balance_date +refused: not a date +1 +50\.0%", result.output)
    assert "core__accounts.csv, column customer_id: missing column" in result.output
    refusal = load(delivery, raw)
    for line in refusal.stderr.strip().splitlines()[1:]:
        assert line in result.output


@pytest.mark.parametrize("name", ["nothing", "empty"])
def test_check_of_no_delivery(tmp_path, raw, name):
    (tmp_path / "empty").mkdir()
    result = load(tmp_path / name, raw, *DATE, "--check")
    assert result.exit_code == 1 and "It would be refused" in result.output and "Traceback" not in result.output


def test_check_of_a_mapping_names_source_lines(delivery, raw, tmp_path):
    (tmp_path / "mapping").mkdir()
    (tmp_path / "mapping" / "core__account_balances.sql").write_text(
        "select zh as account_id, strptime(rq, '%Y%m%d')::date as balance_date, ye::decimal(18, 2) as balance from ye"
    )
    (delivery / "ye.csv").write_text("zh,rq,ye\nA1,20260630,1.00\nA2,20260631,x\nA3,20260630,y\n")
    options = [*DATE, "--check", "--mapping", str(tmp_path / "mapping")]
    result = load(delivery, raw, *options)
    assert result.exit_code == 1 and "ye.csv, line 3" in result.output and "ye.csv, line 4" in result.output
    assert load(delivery, raw, *options, "--max-rejects", "2").exit_code == 0


def test_check_as_json(delivery, raw):
    (delivery / "core__customers.csv").write_text(customers(20, gender="Male"))
    result = load(delivery, raw, *DATE, "--check", "--json")
    found = json.loads(result.stdout)
    assert found["would_land"] is True and found["tables"][0]["findings"][0]["rows"] == 20
    assert found["not_delivered"]["wealth.holdings"] is None
    refused = load(delivery, raw, "--check", "--json")
    assert refused.exit_code == 1 and "no business date" in json.loads(refused.stdout)["problems"][0]
    assert load(delivery, raw, *DATE, "--json").exit_code == 2, "it is for --check"


def test_the_demo_bank_is_not_damaged(tmp_path):
    """Every code that the demo bank delivers is known, but for the few that are planted."""
    raw = tmp_path / "raw"
    result = CliRunner().invoke(app, ["simulate", "--customers", "60", "--days", "40", "--out", str(raw)])
    assert result.exit_code == 0, result.output
    for name, table in read_contract().items():
        files = f"{raw}/{name.replace('.', '/')}/dt=*/*.parquet"
        for column in table.columns:
            if column.codes or column.dictionary:
                codes = f"select upper(trim({column.name})) as code from read_parquet('{files}')"
                found = duckdb.sql(f"select code, count(*) from ({codes}) where code > '' group by code").fetchall()
                known = sum(count for code, count in found if code in known_codes(column, table))
                assert known >= 0.95 * sum(count for _, count in found), f"{name}.{column.name}: {found}"
