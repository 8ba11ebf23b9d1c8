"""A warehouse of its own for tests: landed extracts, DuckDB file and dbt target, apart from the user's."""

import hashlib
import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import duckdb
from own_folders import PARSED, TARGET
from parsed_dbt import PARSED_WITH

from banktags.contract import PROJECT_ROOT
from banktags.packages import DBT

#: Fingerprint of the files that a row came from, kept to notice redeliveries: it follows the bytes of the files.
BOOKKEEPING = "batch_fingerprint"
#: Key of the keyed hashes in the tests.
KEY = "key-of-the-tests"


def hashed(text: str, key: str = KEY) -> str:
    """The keyed hash by its definition: sha256(key || sha256(key || text))."""
    inner = hashlib.sha256(f"{key}{text}".encode()).hexdigest()
    return hashlib.sha256(f"{key}{inner}".encode()).hexdigest()


@dataclass(frozen=True)
class Warehouse:
    """Extracts in ``raw`` and what dbt makes of them in ``folder``; dbt runs in child processes."""

    folder: Path
    raw: Path

    @property
    def database(self) -> Path:
        return self.folder / "bank_tags.duckdb"

    @property
    def target(self) -> Path:
        return self.folder / "target"

    def environment(self) -> dict[str, str]:
        """The environment in which dbt and banktags work on this warehouse."""
        return os.environ | {
            "BANK_TAGS_RAW": str(self.raw),
            "BANK_TAGS_DB": str(self.database),
            # One file: what dbt fills is what is read, staging and all. test_publish*.py have both.
            "BANK_TAGS_WORK": str(self.database),
            "BANK_TAGS_LISTS": str(self.folder / "lists"),
            "BANK_TAGS_PII_KEY": KEY,
            "DBT_TARGET_PATH": str(self.target),
        }

    @property
    def parsed(self) -> Path:
        return self.target / "parsed.msgpack"

    def begin_parsed(self) -> None:
        """Begin with what fixture ``parsed_project`` has parsed: dbt parses nothing anew."""
        self.target.mkdir(parents=True)
        shutil.copy(PROJECT_ROOT / TARGET / PARSED, self.parsed)

    def dbt(self, *arguments: str, variables: str = "", check: bool = True) -> subprocess.CompletedProcess:
        """Run dbt on this warehouse, with variables as ``--vars`` takes them.

        With ``check``, a failing run fails the test with its output.
        """
        command, environment = (DBT, "--quiet", *arguments), self.environment()
        if self.parsed.exists():
            program = str(Path(__file__).with_name("parsed_dbt.py"))
            command = (sys.executable, program, str(self.parsed), variables, *arguments)
            environment[PARSED_WITH] = os.environ.get("BANK_TAGS_RAW", "data/raw")
        elif variables:
            command = (*command, "--vars", variables)
        run = subprocess.run(command, cwd=PROJECT_ROOT, env=environment, capture_output=True, text=True)
        assert not check or run.returncode == 0, run.stdout[-4000:] + run.stderr[-4000:]
        return run

    def results(self) -> dict[str, str]:
        """Outcome by node of the last dbt run."""
        run_results = json.loads((self.target / "run_results.json").read_text(encoding="utf-8"))
        return {result["unique_id"]: result["status"] for result in run_results["results"]}

    def rows(self, sql: str) -> list[tuple]:
        """Rows of one query on the built warehouse."""
        with duckdb.connect(str(self.database), read_only=True) as connection:
            return connection.sql(sql).fetchall()


#: Views that say again, six times and in part, what portrait_customer says.
REPEATED = ("portrait_by_role", "portrait_reasons")


def contents(database: Path) -> dict[str, tuple[int, str]]:
    """Row count and order-independent hash of every table and view of a warehouse."""
    with duckdb.connect(str(database), read_only=True) as con:
        relations = con.execute(
            f"""
            select table_schema, table_name from information_schema.tables
            where table_name not in {REPEATED} order by all
            """
        ).fetchall()
        found = {}
        for schema, name in relations:
            relation = f'"{schema}"."{name}"'
            columns = [row[0] for row in con.execute(f"describe {relation}").fetchall() if row[0] != BOOKKEEPING]
            row = " || '|' || ".join(f"coalesce(cast(\"{column}\" as varchar), '∅')" for column in columns)
            row = f"""regexp_replace({row}, '"{BOOKKEEPING}":"[^"]*"', '')"""  # in the text of a quarantined row
            query = f"select count(*), coalesce(cast(sum(hash({row})) as varchar), '') from {relation}"
            found[f"{schema}.{name}"] = con.execute(query).fetchone()
    return found
