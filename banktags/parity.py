"""``banktags parity``: one bank built by DuckDB and by Spark, night after night, every relation compared by value.

Why values, and what is left out: DECISIONS 62.
"""

import datetime
import os
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import nullcontext, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import duckdb
import typer
import yaml

from banktags.contract import PROJECT_ROOT
from banktags.landing import landing_zone
from banktags.load.extract import file_pattern, literal, quoted
from banktags.nightly.batches import delivered
from banktags.packages import DBT
from banktags.terminal import Screen

#: dbt with the Spark adapter, in an environment of its own: `make spark-setup`.
SPARK_DBT = Path(os.environ.get("BANK_TAGS_SPARK_DBT", PROJECT_ROOT / ".venv-spark" / "bin" / "dbt"))
#: Doubles agree in this many significant digits; all other values agree exactly.
DIGITS = 9
#: What an engine measures in its own way: fingerprints of files, digests by its own hash, about how many values differ.
ENGINES_OWN = {"batch_fingerprint", "values_digest", "distinct_values"}
#: Views of a row a customer, tag, scenario and role, which repeat the wide mart many times, and for how many customers
#: they are compared.
OF_ONE_CUSTOMER = ("portrait_by_role", "portrait_customer", "portrait_reasons")
CUSTOMERS = 3
#: Differing rows of each engine that a difference shows.
SHOWN = 2


@dataclass(frozen=True)
class Difference:
    """Where the engines disagree."""

    relation: str
    problem: str
    examples: tuple[str, ...] = ()


class Comparison:
    """The relations of a DuckDB warehouse beside those of a Spark warehouse, which are folders of Parquet files.

    Views about one customer are compared for the given customers; of every relation the rows are those that a
    condition in SQL selects.
    """

    def __init__(self, duckdb_file: Path, spark_folder: Path, customers: list[str] = (), where: str = "true") -> None:
        self._spark = spark_folder
        self._customers = customers
        self._where = where
        self._con = duckdb.connect()
        self._con.execute(f"attach {literal(duckdb_file)} as bank_tags (read_only)")
        self.relations = self._con.execute(
            """
            select table_schema, table_name
            from information_schema.tables
            where table_catalog = 'bank_tags'
            order by all
            """
        ).fetchall()

    def differences(self) -> Iterator[Difference]:
        """Compare one relation after the other."""
        for schema, name in self.relations:
            try:
                difference = self._difference(f"{schema}.{name}", self._spark / f"{schema}.db" / name)
            except duckdb.Error as error:
                difference = Difference(f"{schema}.{name}", str(error).splitlines()[0])
            if difference:
                yield difference

    def _difference(self, relation: str, folder: Path) -> Difference | None:
        types = self._columns(f"bank_tags.{relation}")
        if not folder.is_dir():
            return Difference(relation, "Spark has no such relation")
        if not any(folder.rglob("*.parquet")):
            (rows,) = self._con.execute(f"select count(*) from bank_tags.{relation}").fetchone()
            return Difference(relation, f"Spark has no row, DuckDB {rows}") if rows else None
        files = literal(f"{file_pattern(folder)}/**/*.parquet")
        parquet = f"read_parquet({files}, hive_partitioning = true, union_by_name = true)"
        spark_types = self._columns(parquet)
        if types.keys() != spark_types.keys():
            return Difference(relation, f"columns differ: {sorted(types.keys() ^ spark_types.keys())}")
        by_duckdb = f"bank_tags.{relation}"
        if folder.name in OF_ONE_CUSTOMER:
            # One query for each, as a client asks.
            asked = [
                f"select * from {by_duckdb} where customer_id = {literal(customer)}" for customer in self._customers
            ]
            by_duckdb = f"({' union all '.join(asked)})"
        compared = [name for name in types if name not in ENGINES_OWN]
        values = ", ".join(_comparable(name, types[name]) for name in compared)
        sides = {
            side: f"select {values} from {source} where {self._where}"
            for side, source in (("duckdb", by_duckdb), ("spark", parquet))
        }
        for side, other in (("duckdb", "spark"), ("spark", "duckdb")):
            self._con.execute(f"create or replace temp table only_{side} as {sides[side]} except all {sides[other]}")
        (duckdb_rows,) = self._con.execute("select count(*) from only_duckdb").fetchone()
        (spark_rows,) = self._con.execute("select count(*) from only_spark").fetchone()
        if not duckdb_rows and not spark_rows:
            return None
        columns = [name for name in compared if self._differs(name)]
        examples = [
            f"{side}: {dict(zip(compared, row, strict=True))}"
            for side in sides
            for row in self._con.execute(f"from only_{side} order by all limit {SHOWN}").fetchall()
        ]
        problem = f"{duckdb_rows} rows of DuckDB and {spark_rows} of Spark have no counterpart; columns {columns}"
        return Difference(relation, problem, tuple(examples))

    def _differs(self, column: str) -> bool:
        left, right = (f"select {quoted(column)} from only_{side}" for side in ("duckdb", "spark"))
        return bool(self._con.execute(f"({left} except all {right}) union all ({right} except all {left})").fetchone())

    def _columns(self, source: str) -> dict[str, str]:
        return {row[0]: row[1] for row in self._con.execute(f"describe from {source}").fetchall()}


def _comparable(column: str, data_type: str) -> str:
    """The expression that both engines must agree on, by the type that DuckDB has."""
    value = f"cast({quoted(column)} as {data_type})"
    if data_type in ("DOUBLE", "FLOAT"):
        value = f"printf('%.{DIGITS - 1}e', {quoted(column)})"
    elif column == "record":
        # A quarantined row as JSON: what it says, in whatever order, but for the fingerprint of its batch.
        keys = "list_filter(list_sort(json_keys(record)), lambda key: key <> 'batch_fingerprint')"
        value = f"list_transform({keys}, lambda key: key || '=' || coalesce(json_extract_string(record, key), 'null'))"
    return f"{value} as {quoted(column)}"


def build(
    folder: Path, raw: Path, dates: list[datetime.date], variables: dict, select: str | None = None
) -> Comparison:
    """Build the bank in the folder by both engines, one date after the other, without tests; what dbt selects of it.

    Raises:
        typer.Exit: dbt failed on one of them; its output has been printed.
    """
    folder.mkdir(parents=True, exist_ok=True)
    duckdb_file, spark_folder = folder / "bank_tags.duckdb", folder / "spark"
    environment = os.environ | {
        "BANK_TAGS_RAW": str(raw.resolve()),
        "BANK_TAGS_DB": str(duckdb_file),
        "BANK_TAGS_WORK": str(duckdb_file),
        "BANK_TAGS_SPARK_WAREHOUSE": str(spark_folder),
        "DBT_LOG_PATH": str(folder / "logs"),
    }
    models = ("build", "--exclude-resource-type", "test", "--exclude-resource-type", "unit_test")
    models += ("--select", select) if select else ()

    def run(target: str, dbt: Path, date: datetime.date, *command: str) -> None:
        target_path = {"DBT_TARGET_PATH": str(folder / "target" / target)}
        said = yaml.safe_dump(variables | {"as_of_date": str(date)})
        arguments = [dbt, "--quiet", *command, "--target", target, "--vars", said]
        # In a session of its own: Ctrl-C reaches this command alone, which then ends dbt.
        own = {"cwd": PROJECT_ROOT, "env": environment | target_path, "start_new_session": True}
        if subprocess.run(arguments, **own).returncode:
            raise typer.Exit(1)

    for date in dates:
        run("duckdb", DBT, date, *models)
        run("spark", SPARK_DBT, date, *models)
    customers = _some_customers(duckdb_file)
    said = yaml.safe_dump({"of_one_customer": list(OF_ONE_CUSTOMER), "customers": customers})
    run("spark", SPARK_DBT, dates[-1], "run-operation", "store_views", "--args", said)
    return Comparison(duckdb_file, spark_folder, customers)


def _some_customers(duckdb_file: Path) -> list[str]:
    """Customers whom the views about one customer are compared for; none where the wide mart is not built."""
    query = "select customer_id from marts.customer_tags order by md5(customer_id) limit ?"
    with duckdb.connect(str(duckdb_file), read_only=True) as con, suppress(duckdb.CatalogException):
        return [customer for (customer,) in con.execute(query, [CUSTOMERS]).fetchall()]
    return []


def _variables(text: str) -> dict:
    """What ``--vars`` says.

    Raises:
        typer.BadParameter: it is no mapping of names to values.
    """
    try:
        variables = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise typer.BadParameter(f"no YAML: {error}", param_hint="--vars") from error
    if not isinstance(variables, dict):
        raise typer.BadParameter(f"name each variable, as in 'base_currency: CZK'; not {text!r}", param_hint="--vars")
    return variables


def parity(
    raw: Annotated[
        Path | None,
        typer.Option(help="Landed extracts; default is the landing zone.", show_default=False),
    ] = None,
    date: Annotated[
        datetime.datetime | None,
        typer.Option(
            formats=["%Y-%m-%d"], help="Business date; default is the last complete batch.", show_default=False
        ),
    ] = None,
    nights: Annotated[
        int, typer.Option(min=1, help="How many dates to build, the last of them the business date.")
    ] = 1,
    variables: Annotated[
        str, typer.Option("--vars", help="More variables of dbt, as YAML: 'base_currency: CZK'.", show_default=False)
    ] = "{}",
    select: Annotated[
        str | None,
        typer.Option(help="What to build, as dbt selects: +customer_tags; default is all.", show_default=False),
    ] = None,
    folder: Annotated[
        Path | None,
        typer.Option(help="New folder to build in, which stays; default is a temporary one.", show_default=False),
    ] = None,
) -> None:
    """Build one bank by DuckDB and by Spark, and compare every relation: row by row, value by value."""
    if not SPARK_DBT.exists():
        raise typer.BadParameter(f"{SPARK_DBT} does not exist: run make spark-setup", param_hint="Spark")
    if folder and folder.exists():
        raise typer.BadParameter(f"{folder} exists: both engines build from empty", param_hint="--folder")
    more_variables = _variables(variables)
    console = Screen(stderr=True)
    raw = raw or landing_zone()
    last = date.date() if date else delivered(raw).last
    if last is None:
        raise typer.BadParameter(f"{raw} has no complete batch: give --date", param_hint="--raw")
    dates = [last - datetime.timedelta(days=ago) for ago in reversed(range(nights))]
    with tempfile.TemporaryDirectory() if folder is None else nullcontext(folder) as where:
        with console.status("the bank is built twice"):
            comparison = build(Path(where).resolve(), raw, dates, more_variables, select)
        found = list(comparison.differences())
    for difference in found:
        console.print(f"{difference.relation}: {difference.problem}", markup=False)
        for example in difference.examples:
            console.print(f"    {example}", markup=False)
    console.print(f"{len(comparison.relations)} relations compared, {len(found)} differ")
    if found:
        raise typer.Exit(1)
