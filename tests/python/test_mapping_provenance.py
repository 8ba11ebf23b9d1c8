"""Rows of a mapped delivery: each bad one is found at its file and line, and a failing expression is a bad row."""

import shutil
from pathlib import Path

import duckdb
import pytest
from typer.testing import CliRunner

from banktags.cli import app
from banktags.contract import PROJECT_ROOT
from banktags.load.delivery import open_extract
from banktags.load.mapping import create_views, run_mapping
from banktags.load.problems import Problem

#: Product, launch day, rating: line 4 has no calendar day and stands alone in group b.
PRODUCTS = (
    "code,day,grp,note\nP1,20260101,a,\nP2,20260102,a,\nP3,20260231,b,\nP4,20260104,c,\n"
    'P5,20260105,c,"two\nlines"\nP6,20260106,c,\n'
)
NAMES = "code,label\nP1,one\nP3,three\n"
DATE = ["--date", "2026-06-30"]
REST = (
    "'x' as product_name, 'LOAN' as product_category, null as issuer_risk_rating, null as seller_risk_rating, "
    "null as term_days, null as delisted_date"
)
DAY = "strptime(day, '%Y%m%d')::date"


@pytest.fixture
def bank(tmp_path: Path) -> Path:
    (tmp_path / "in").mkdir()
    (tmp_path / "mapping").mkdir()
    (tmp_path / "in" / "items.csv").write_text(PRODUCTS, encoding="utf-8")
    (tmp_path / "in" / "names.csv").write_text(NAMES, encoding="utf-8")
    return tmp_path


def load(bank: Path, select: str, *options: str, table: str = "core__products"):
    (bank / "mapping" / f"{table}.sql").write_text(select, encoding="utf-8")
    mapping = ["--mapping", str(bank / "mapping"), "--to", str(bank / "raw")]
    result = CliRunner().invoke(app, ["load", str(bank / "in"), *mapping, *DATE, *options])
    assert result.exception is None or isinstance(result.exception, SystemExit)
    return result


def rejects(bank: Path) -> list[tuple]:
    return duckdb.sql(
        f"select file, place, column_name, row_key, mapping from read_parquet('{bank}/raw/_load/rejects/*/*.parquet')"
    ).fetchall()


def landed(bank: Path) -> list[tuple]:
    files = f"{bank}/raw/core/products/dt=2026-06-30/*.parquet"
    return duckdb.sql(f"select product_id, launched_date from read_parquet('{files}') order by all").fetchall()


# --- an expression that fails is a bad row ---


FAILING = {
    "plain": f"select code as product_id, {DAY} as launched_date, {REST} from items",
    "comment at the end": f"select code as product_id, {DAY} as launched_date, {REST} from items; -- products",
    "alias": f"select i.code as product_id, {DAY} as launched_date, {REST} from items as i where i.code is not null",
    "common table expression": f"with typed as (select *, {DAY} as launched from items) "
    f"select code as product_id, launched as launched_date, {REST} from typed",
    "two of them": f"with typed as (select code as c, {DAY} as launched from items), again as (select * from typed) "
    f"select c as product_id, again.launched as launched_date, {REST} from again",
    "subquery": f"select c as product_id, launched as launched_date, {REST} "
    f"from (select code as c, {DAY} as launched from items) as typed",
    "subquery without a name": f"select c as product_id, launched as launched_date, {REST} "
    f"from (select code as c, {DAY} as launched from items)",
    "join": f"select code as product_id, {DAY} as launched_date, {REST} from items left join names using (code)",
    "join from the other side": f"select items.code as product_id, {DAY} as launched_date, {REST} "
    "from names right join items on items.code = names.code",
    "column named like its source": f"select code as product_id, launched_date, {REST} "
    f"from (select code, {DAY} as launched_date, day from items where day is not null)",
    "computed from another column of the list": f"select * exclude (d) from (select code as product_id, {DAY} as d, "
    f"d + 0 as launched_date, {REST} from items)",
    "in its branch of UNION ALL": f"select code as product_id, {DAY} as launched_date, {REST} from items "
    f"where grp <> 'c' union all select code, {DAY}, {REST} from items where grp = 'c'",
    "case": f"select code as product_id, case when grp = 'b' then {DAY} else {DAY} end as launched_date, {REST} "
    "from items",
    "the same twice": f"select code as product_id, {DAY} as launched_date, "
    + REST.replace("null as delisted_date", f"{DAY} as delisted_date")
    + " from items",
    "group by": f"select code as product_id, max({DAY}) as launched_date, {REST} from items group by code",
    "group by all": f"select code as product_id, {DAY} as launched_date, {REST} from items "
    "group by all having count(*) > 0",
}


@pytest.mark.parametrize("select", FAILING.values(), ids=FAILING)
def test_a_failing_expression_is_a_bad_row_at_its_line(bank, select):
    refusal = load(bank, select)
    assert refusal.exit_code == 1
    assert "- items.csv, line 4" in refusal.stderr
    assert "column launched_date of core__products.sql: its expression fails (Conversion Error)" in refusal.stderr
    assert "--max-rejects 1" in refusal.stderr and "20260231" not in refusal.stderr
    accepted = load(bank, select, "--max-rejects", "1")
    assert accepted.exit_code == 0, accepted.output
    assert [key for key, _ in landed(bank)] == ["P1", "P2", "P4", "P5", "P6"]
    assert [str(day) for _, day in landed(bank)][:2] == ["2026-01-01", "2026-01-02"]
    ((file, place, column, key, mapping),) = rejects(bank)
    assert (file, column, key, mapping) == ("items.csv", "launched_date", "P3", "core__products.sql")
    assert place.startswith("line 4")


def test_a_group_with_a_failing_row_is_bad_as_a_whole(bank):
    select = f"select grp as product_id, max({DAY}) as launched_date, {REST} from items group by grp"
    (bank / "in" / "items.csv").write_text(PRODUCTS.replace("20260104", "x"), encoding="utf-8")
    assert load(bank, select, "--max-rejects", "2").exit_code == 0
    assert [key for key, _ in landed(bank)] == ["a"], "group c has two sound rows, but its maximum is not known"
    assert sorted(row[1] for row in rejects(bank)) == [
        "line 4 and others that the SELECT groups with it",
        "line 5 and others that the SELECT groups with it",
    ]


SPOILING = {
    "where": f"select code as product_id, {DAY} as launched_date, {REST} from items where {DAY} > '2000-01-01'",
    "where on a column of the list": f"select code as product_id, {DAY} as launched_date, {REST} from items "
    "where launched_date > '2000-01-01'",
    "where on a common table expression": f"with t as (select *, {DAY} as d from items) "
    f"select code as product_id, d as launched_date, {REST} from t where d > '2000-01-01'",
    "join condition": f"with t as (select *, {DAY} as d from items) select t.code as product_id, t.d as launched_date, "
    f"{REST} from t inner join names on t.d > '2000-01-01'",
    "window": f"select code as product_id, max({DAY}) over (order by code) as launched_date, {REST} from items",
    "window over a common table expression": f"with t as (select *, {DAY} as d from items) "
    f"select code as product_id, max(d) over (order by code) as launched_date, {REST} from t",
    "distinct": f"select distinct code as product_id, {DAY} as launched_date, {REST} from items",
    "union": f"select code as product_id, {DAY} as launched_date, {REST} from items "
    f"union select code, null, {REST} from names",
    "subquery of the list": f"select code as product_id, (select max({DAY}) from items as i where i.code = items.code) "
    f"as launched_date, {REST} from items",
    "lambda": f"select code as product_id, list_transform([day], x -> strptime(x, '%Y%m%d'))[1]::date "
    f"as launched_date, {REST} from items",
}


@pytest.mark.parametrize("select", SPOILING.values(), ids=SPOILING)
def test_an_error_that_decides_about_other_rows_refuses_the_batch_and_names_the_line(bank, select):
    refusal = load(bank, select, "--max-rejects", "9")
    assert refusal.exit_code == 1
    assert "items.csv, line 4: Conversion Error in core__products.sql, first at this row" in refusal.stderr
    assert "try_strptime" in refusal.stderr and "20260231" not in refusal.stderr
    assert not (bank / "raw").exists()


def test_an_error_of_a_constant_is_no_row(bank):
    refusal = load(
        bank, f"select code as product_id, cast('x' as date) as launched_date, {REST} from items where code > ''"
    )
    assert refusal.exit_code == 1 and "core__products.sql" in refusal.stderr and "Conversion Error" in refusal.stderr


# --- no part of a value in a message ---


@pytest.mark.parametrize(
    "value",
    ["O'Brien 13900000001", 'say ""Wang"" 1390000', "王'小'明", "line\nbreak 42", "7'7", "\\'; drop", "%s {x} 139"],
)
@pytest.mark.parametrize("expression", ["cast(name as int)", "strptime(name, '%Y')"])
@pytest.mark.parametrize("where", ["", "where {expression} is not null"])
def test_no_message_shows_a_value(bank, value, expression, where):
    (bank / "in" / "people.csv").write_text(f'name\n"{value}"\n', encoding="utf-8")
    select = f"select {expression}::varchar as product_id, null as launched_date, {REST} from people "
    refusal = load(bank, select + where.format(expression=expression))
    assert refusal.exit_code == 1 and "people.csv, line 2" in refusal.stderr
    for part in ("Brien", "13900", "Wang", "王", "明", "break", "42", "drop", "{x}"):
        assert part not in refusal.stderr
    assert "Traceback" not in refusal.output


def test_a_missing_header_shows_no_cell(bank):
    (bank / "in" / "people.csv").write_text("张三丰,13800138000\n李四,13900139000\n", encoding="utf-8")
    refusal = load(bank, f"select name as product_id, null as launched_date, {REST} from people")
    assert refusal.exit_code == 1 and "Binder Error" in refusal.stderr
    assert "张三丰" not in refusal.stderr and "13800138000" not in refusal.stderr


# --- rows that the checks refuse ---


CHECKED = {
    "plain": (f"select nullif(code, 'P4') as product_id, null as launched_date, {REST} from items", "line 5"),
    "sorted": (
        f"select nullif(code, 'P4') as product_id, null as launched_date, {REST} from items order by day desc",
        "line 5",
    ),
    "line end in a quoted field before it": (
        f"select nullif(code, 'P6') as product_id, null as launched_date, {REST} from items",
        "line 8",
    ),
    "star": (
        f"select * exclude (code, day, grp, note), nullif(code, 'P4') as product_id, null as launched_date, {REST} "
        "from items",
        "line 5",
    ),
    "joined twice": (
        f"select nullif(items.code, 'P4') as product_id, null as launched_date, {REST} from items "
        "left join names as a on items.code = a.code left join names as b on items.code = b.code",
        "line 5",
    ),
    "values first": (
        f"select nullif(code, 'P4') as product_id, null as launched_date, {REST} "
        "from (values (1)) as one (n) cross join items",
        "line 5",
    ),
    "recursion beside it": (
        "with recursive r as (select 1 as n union all select n + 1 from r where n < 1) "
        f"select nullif(code, 'P4') as product_id, null as launched_date, {REST} from items, r",
        "line 5",
    ),
    "distinct": (
        f"select distinct nullif(code, 'P4') as product_id, null as launched_date, {REST} from items",
        "line 5 and others that the SELECT groups with it",
    ),
    "first of each": (
        f"select nullif(code, 'P4') as product_id, null as launched_date, {REST} from items "
        "qualify row_number() over (partition by code order by day) = 1",
        "line 5",
    ),
}


@pytest.mark.parametrize(("select", "line"), CHECKED.values(), ids=CHECKED)
def test_a_refused_row_is_named_by_its_line(bank, select, line):
    refusal = load(bank, select)
    assert f"- items.csv, {line}, column product_id of core__products.sql: required but empty" in refusal.stderr
    assert "1 bad rows in all: 1 product_id required but empty" in refusal.stderr
    assert load(bank, select, "--max-rejects", "1").exit_code == 0
    assert [(row[0], row[1]) for row in rejects(bank)] == [("items.csv", line)]


def test_equal_rows_are_told_apart_by_their_lines(bank):
    (bank / "in" / "items.csv").write_text("code,day\nP1,1\nP2,1\nP1,1\nP1,1\n", encoding="utf-8")
    refusal = load(bank, f"select code as product_id, null as launched_date, {REST} from items order by code desc")
    assert "items.csv, line 4, column (product_id)" in refusal.stderr
    assert "items.csv, line 5, column (product_id)" in refusal.stderr
    assert "items.csv, line 2," not in refusal.stderr, "the first of equal rows is sound"


def test_what_cannot_be_followed_names_the_files_and_the_shape_of_the_key(bank):
    select = (
        "with named as (select *, nullif(code, 'P4') as x from items) "
        "select code as product_id, null as launched_date, " + REST.replace("'x'", "x") + " "
        "from named union select 'Q', null, 'y', 'LOAN', null, null, null, null"
    )
    refusal = load(bank, select)
    assert "(its SELECT combines rows of items.csv), column product_name of core__products.sql" in refusal.stderr
    assert "key 'P4'" in refusal.stderr, "a product number is harmless: shown as it is"


def test_two_files_of_one_table_and_counts_by_reason(bank):
    (bank / "in" / "more.csv").write_text("code,day,grp\nP7,20260107,R1\n,20260108,c\nP9,xx,c\n", encoding="utf-8")
    select = f"select code as product_id, {DAY} as launched_date, {REST} from items "
    refusal = load(
        bank, select + select.replace("select code", "union all by name select code").replace("items", "more")
    )
    for place in ("items.csv, line 4", "more.csv, line 3", "more.csv, line 4"):
        assert f"- {place}, column" in refusal.stderr
    assert "3 bad rows in all: 2 launched_date its expression fails, 1 product_id required but empty" in refusal.stderr


def test_dated_files_read_together_keep_their_own_lines(bank):
    for day, bad in (("20260629", "x"), ("20260630", "y")):
        (bank / "in" / f"goods_{day}.csv").write_text(f"code,day\nG{day},20260101\nH{day},{bad}\n", encoding="utf-8")
    select = f"select code as product_id, {DAY} as launched_date, {REST}, file_date as dt from goods"
    refusal = load(bank, select)
    for day in ("20260629", "20260630"):
        assert f"- goods_{day}.csv, line 3, column launched_date of core__products.sql" in refusal.stderr
    spoiled = load(bank, f"{select} where {DAY} is not null")
    assert "- goods_20260629.csv, line 3: Invalid Input Error" in spoiled.stderr


def test_parquet_rows_have_their_number(bank):
    duckdb.sql("select 'Q' || range as code, if(range = 7, 'x', '20260101') as day from range(20)").write_parquet(
        str(bank / "in" / "items.parquet")
    )
    (bank / "in" / "items.csv").unlink()
    refusal = load(bank, f"select code as product_id, {DAY} as launched_date, {REST} from items")
    assert "items.parquet, row 8, column launched_date" in refusal.stderr


# --- what is landed is what the SELECT says ---


@pytest.mark.parametrize("example", ["berka", "csv_extract/mapping", "hillstrom/mapping", "cdnow"])
def test_the_rewritten_select_gives_the_same_rows(tmp_path, example):
    """Each SELECT of the examples, over files with the columns that it reads, with and without places."""
    con = duckdb.connect()
    files = []
    columns = {
        "trans_whole_bank_1993_1994q1": "trans_id::int,account_id::int,date::date,type,operation,amount::double,"
        "k_symbol,bank,account",
        "account": "account_id::int,district_id::int,frequency,date::date",
        "client": "client_id::int,birth_number::birth,district_id::int",
        "disp": "disp_id::int,client_id::int,account_id::int,type",
        "card": "card_id::int,disp_id::int,type,issued::date",
        "loan": "loan_id::int,account_id::int,date::date,amount::int,duration::int,payments::double,status",
        "district": "district_id::int,A2",
        "arms": "arm,first_number,customers,visits,conversions",
        "purchases": "customer_id::int,date::date,cds::int,amt::double",
    }
    kinds = {"int": "range % 5 + 1", "date": "date '1993-02-01' + range::int", "double": "(range % 9) * 1.5"}
    kinds["birth"] = "450101 + range % 20"
    for name, spec in columns.items():
        parts = [part.partition("::") for part in spec.split(",")]
        select = ", ".join(f"{kinds.get(kind, '((range % 7) + 1)::varchar')} as {column}" for column, _, kind in parts)
        duckdb.sql(f"select {select} from range(40)").write_parquet(str(tmp_path / f"{name}.parquet"))
    for path in (PROJECT_ROOT / "examples" / "csv_extract" / "extract").glob("*.csv"):
        shutil.copy(path, tmp_path)
    work = tmp_path / "work"
    work.mkdir()
    for path in sorted([*tmp_path.glob("*.parquet"), *tmp_path.glob("*.csv")]):
        files.append(open_extract(con, path, path.name, work, any_delimiter=True))
    views, _ = create_views(con, files)
    compared = 0
    for path in sorted((PROJECT_ROOT / "examples" / example).glob("*.sql")):
        select = path.read_text(encoding="utf-8").strip().rstrip(";")
        extract = run_mapping(views, path, work)
        if isinstance(extract, Problem):
            assert "does not exist" in extract.what, "another example's files"
            continue
        traced = views.tracer.rewritten(select)
        if not views.tracer.views_read(select):
            assert traced is None
            continue
        assert traced, f"{path.name} cannot be followed"
        difference = f"(select * exclude (_bank_tags_origin) from ({traced})) except all (\n{select}\n)"
        assert con.execute(f"select count(*) from ({difference})").fetchone() == (0,)
        places = extract.found(range(min(extract.rows, 5)))
        assert all(place.line.startswith(("line", "row")) for place in places.values()), path.name
        compared += 1
    assert compared >= 3
