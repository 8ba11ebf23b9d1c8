"""Deliveries for the tests of the loader: what a bank may put into the folder, and what the loader makes of it."""

from pathlib import Path

import duckdb
from typer.testing import CliRunner

from banktags.cli import app

DATE = ["--date", "2026-06-30"]
CUSTOMER_COLUMNS = (
    "customer_id,name,id_type,id_no,gender,birth_date,mobile,city_code,occupation_code,education_code,"
    "marital_status_code,annual_income,opened_date,closed_date,status,deceased_date,is_frozen_by_order,is_staff,"
    "branch_id,manager_id"
)


def deliver(folder: Path, files: dict[str, str | bytes]) -> Path:
    """Write files by their name in the folder."""
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return folder


def load(delivery: Path, raw: Path, *options: str):
    return CliRunner().invoke(app, ["load", str(delivery), "--to", str(raw), *options])


def landed(delivery: Path, raw: Path, *options: str) -> str:
    """Load what must be taken; what the loader says, in one line."""
    result = load(delivery, raw, *options)
    assert result.exit_code == 0, result.output
    return " ".join(result.output.split())


def refused(delivery: Path, raw: Path, *options: str) -> str:
    """Load what must be refused: a message with its remedy, no traceback, the landing zone as it was."""
    before = tree(raw)
    result = load(delivery, raw, *options)
    assert result.exit_code == 1, result.output
    assert isinstance(result.exception, SystemExit), repr(result.exception)
    assert "remedy: " in result.stderr and "Traceback" not in result.output
    assert tree(raw) == before
    return result.stderr


def tree(root: Path) -> dict[str, bytes | None]:
    """Every file (its bytes) and folder under a root, which need not exist."""
    return {
        str(path): path.read_bytes() if path.is_file() else None for path in [root, *root.rglob("*")] if path.exists()
    }


def rows(raw: Path, table: str, columns: str) -> list[tuple]:
    """Landed rows of a table, in order; business date ``dt`` may be among the columns."""
    files = [str(path) for path in (raw / table.replace(".", "/")).glob("dt=*/*.parquet")]
    with duckdb.connect() as con:
        con.execute("create table landed as from read_parquet($files, hive_partitioning = true)", {"files": files})
        return con.execute(f"select {columns} from landed order by all").fetchall()


def customers(*ids: str, **values: str) -> str:
    """CSV of customers with these ids, who have these values in common."""
    usual = {"name": "张三", "opened_date": "2020-01-01", "status": "ACTIVE"} | values
    columns = CUSTOMER_COLUMNS.split(",")
    lines = (",".join((usual | {"customer_id": key}).get(column, "") for column in columns) for key in ids)
    return "\n".join([CUSTOMER_COLUMNS, *lines]) + "\n"
