"""Canaries (金丝雀): what is planted in every source column that holds a text of a customer is in the extracts alone.

A text and a number is planted in each (``canaries``). They are looked for in every value that readers see, in the file
and in a PostgreSQL server, and in every byte of what a night and its commands leave behind or say. What the loader says
of files that it refuses is in test_load_canaries.
"""

import base64
import hashlib
import itertools
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

import duckdb
import pytest
from canaries import number_canary, planted_columns, songs, text_canary
from dbt_warehouse import KEY, hashed
from postgres_server import running_server

from banktags.contract import PROJECT_ROOT, read_contract
from banktags.packages import DBT
from banktags.publish.contents import PUBLISHED

pytestmark = [pytest.mark.slow, pytest.mark.long]  # a build of its own: the nightly job has the time

BANKTAGS = Path(sys.executable).with_name("banktags")


def canaries() -> list[tuple[str, str, str]]:
    """Table, column and what is planted there: a text and a number for each column."""
    columns = planted_columns()
    texts = [(table, column.name, text_canary(number)) for number, (table, column) in enumerate(columns)]
    numbers = [
        (table, column.name, number_canary(number, column.name)) for number, (table, column) in enumerate(columns)
    ]
    return texts + numbers


def plant(raw: Path, planted: list[tuple[str, str, str]]) -> None:
    """Write each canary into its column, each in another row while there are; nothing later replaces it."""
    contract = read_contract()
    with duckdb.connect() as con:
        for name in dict.fromkeys(table for table, *_ in planted):
            key = ", ".join(contract[name].primary_key)
            own = [(column, canary) for table, column, canary in planted if table == name]
            # Keys come last: a row is found by its key.
            own.sort(key=lambda column_and_canary: column_and_canary[0] in contract[name].primary_key)
            latest = con.execute(
                f"""
                select filename, {key} from {extracts(raw, name)}
                qualify row_number() over (partition by {key} order by filename desc) = 1
                order by filename desc, {key}
                """
            ).fetchall()
            rows, taken = itertools.cycle(latest), set()
            for column, canary in own:
                # In a table of a few rows the column's other canary may stand in the next one.
                file, *values = next(row for row in itertools.islice(rows, len(latest)) if (column, row) not in taken)
                taken.add((column, (file, *values)))
                is_row = " and ".join(f"{part} = ?" for part in contract[name].primary_key)
                text = f"case when {is_row} then '{canary}' else {column} end"
                changed = (
                    f"select * replace ({text} as {column}) from read_parquet('{file}', hive_partitioning = false)"
                )
                con.execute(f"create or replace table planted as {changed}", values)
                con.execute(f"copy planted to '{file}' (format parquet)")


def extracts(raw: Path, table: str) -> str:
    return f"read_parquet('{raw}/{table.replace('.', '/')}/dt=*/*.parquet', union_by_name = true, filename = true)"


class Bank:
    """The demo bank with its canaries, and what came of it."""

    def __init__(self, folder: Path, raw: Path) -> None:
        self.folder, self.raw = folder, raw
        self.published = folder / "bank_tags.duckdb"
        self.said: list[str] = []

    def run(self, *command: object) -> subprocess.CompletedProcess:
        own = {
            "BANK_TAGS_RAW": self.raw,
            "BANK_TAGS_DB": self.published,
            "BANK_TAGS_LISTS": self.folder / "lists",
            "BANK_TAGS_PORTRAITS": self.folder / "portraits",
            "BANK_TAGS_PII_KEY": KEY,
            "BANK_TAGS_ROLE": "relationship_manager",
            "DBT_TARGET_PATH": self.folder / "target",
            "DBT_LOG_PATH": self.folder / "logs",
        }
        environment = {name: value for name, value in os.environ.items() if name != "BANK_TAGS_WORK"}
        environment |= {name: str(value) for name, value in own.items()}
        arguments = [str(part) for part in command]
        done = subprocess.run(arguments, cwd=PROJECT_ROOT, env=environment, capture_output=True, text=True)
        self.said.append(done.stdout + done.stderr)
        return done

    def banktags(self, *arguments: object) -> None:
        done = self.run(BANKTAGS, *arguments)
        assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture(scope="module")
def planted() -> list[tuple[str, str, str]]:
    return canaries()


@pytest.fixture(scope="module")
def patterns(planted) -> list[re.Pattern[str]]:
    return songs(canary for *_, canary in planted)


@pytest.fixture(scope="module")
def bank(demo_bank, planted, tmp_path_factory) -> Bank:
    """A night of it, and each command that writes or says something of customers."""
    folder = tmp_path_factory.mktemp("canaries")
    raw = folder.with_name(f"{folder.name}-raw")
    shutil.copytree(demo_bank, raw)
    plant(raw, planted)
    bank = Bank(folder, raw)
    built = bank.run(DBT, "build", "--exclude-resource-type", "unit_test")
    assert bank.published.exists(), built.stdout[-4000:]
    with duckdb.connect(str(bank.published), read_only=True) as con:
        customers = [
            number
            for (number,) in con.execute("select id_value from marts.customer_numbers where is_unshared").fetchall()
        ]
    assert len(customers) > 200
    for customer in customers[:10]:
        bank.banktags("portrait", "customer", customer)
        bank.banktags("explain", customer, "aum_tier")
    bank.banktags("portrait", "group", "is_young_customer")
    bank.banktags("audience", "export", "service_recovery", "--to", folder / "export.csv", "--reason", "a test")
    bank.banktags("audience", "freeze", "white_collar_benefits", "--campaign", "CAMP-NEW-CARD", "--reason", "a test")
    bank.banktags("review", "--out", folder / "review.html")
    bank.banktags("campaign", "report", "--out", folder / "campaigns")
    bank.banktags("query", "select * from marts.customer_tags")
    bank.run(DBT, "docs", "generate", "--no-compile")
    bank.banktags("catalogue", "site", "--out", folder / "site")
    return bank


def test_every_text_of_a_customer_has_its_canaries(bank, planted):
    """In the extracts each is found: what the tests below don't find, they could have found."""
    assert len(planted) > 120
    with duckdb.connect() as con:
        for table, column, canary in planted:
            found = con.execute(
                f"select count(*) from {extracts(bank.raw, table)} where {column} = ?", [canary]
            ).fetchone()
            assert found == (1,), f"{table}.{column}"


def test_the_numbers_are_taken_for_what_they_are(bank, planted):
    """A mobile or an identity number that could be none would be set to unknown before anything could sing."""
    numbers = {
        (table, column): canary for table, column, canary in planted if canary.isalnum() and canary[:2].isdigit()
    }
    with duckdb.connect(str(bank.folder / "building" / bank.published.name), read_only=True) as con:
        for (table, column), canary in numbers.items():
            if column in ("mobile", "id_no"):
                hash_of_it = hashed(canary if column == "mobile" else hashlib.sha256(canary.encode()).hexdigest())
                base = f"staging.base_{table.replace('.', '__')}"
                found = con.execute(f"select count(*) from {base} where {column}_hash = ?", [hash_of_it]).fetchone()
                assert found == (1,), (table, column)


@pytest.mark.parametrize(
    "written", [str, str.upper, lambda text: text[:10], lambda text: text[-11:]], ids=["whole", "upper", "head", "tail"]
)
@pytest.mark.parametrize(
    "coded",
    [str, lambda text: base64.b64encode(text.encode()).decode(), lambda text: text.encode().hex()],
    ids=["plain", "Base64", "hex"],
)
@pytest.mark.parametrize("canary", [text_canary(17), number_canary(17), number_canary(17, "id_no")])
def test_a_canary_is_heard_in_any_form(canary, written, coded):
    """Wherever in a longer text it stands; upper case in Base64 is another text, which nobody makes by chance."""
    if written is str.upper and coded is not str:
        pytest.skip("a text in capitals is not coded")
    between = ("", "a", "ab", "abc") if canary.startswith("K") else ("", "z", "|x", "='y")
    for before in between:
        assert any(song.search(coded(before + written(canary) + "z")) for song in songs([canary])), before
    digest = hashlib.sha256(canary.encode()).hexdigest()
    assert any(song.search(digest) for song in songs([canary]))


@pytest.mark.parametrize(
    "said", ["{}", "+86{}", "0086 {}", "tel:{},", "139-4172-6017", "1.3941726017e+10", "139 4172 6017"]
)
def test_a_mobile_number_is_heard_as_people_write_it(said):
    assert any(song.search(said.format(number_canary(17, "mobile"))) for song in songs([number_canary(17, "mobile")]))


def published_texts(file: Path) -> Iterator[tuple[str, str]]:
    """Relation and column, and each distinct value in it as a text, of all that readers see."""
    with duckdb.connect(str(file), read_only=True) as con:
        places = con.execute(
            """
            select schema_name, table_name, column_name from duckdb_columns()
            where database_name = current_database() and not internal
                and not regexp_matches(data_type, '^(BOOLEAN|DATE|TIMESTAMP)$')
            order by all
            """
        ).fetchall()
        assert {schema for schema, *_ in places} <= set(PUBLISHED)
        for schema, relation, column in places:
            texts = con.execute(f'select distinct cast("{column}" as varchar) from {schema}."{relation}"').fetchall()
            yield from ((f"{schema}.{relation}.{column}", text) for (text,) in texts if text is not None)


def heard_in(texts: Iterable[tuple[str, str]], patterns: list[re.Pattern[str]]) -> tuple[set[str], dict[str, str]]:
    """The places that were looked at, and where a canary was heard, with what stands around it."""
    looked, heard = set(), {}
    for place, text in texts:
        looked.add(place)
        for song in patterns:
            if found := song.search(text):
                heard[place] = text[max(0, found.start() - 200) : found.end() + 80]
    return looked, heard


def test_no_canary_sings_in_what_readers_see(bank, patterns):
    looked, heard = heard_in(published_texts(bank.published), patterns)
    assert len(looked) > 2000
    assert heard == {}


def served_texts(session) -> Iterator[tuple[str, str]]:
    """Relation and column, and each distinct value in it as a text, of all that lies in a PostgreSQL server.

    Its statistics and comments too: whoever may read a table is shown them.
    """
    places = session.execute(
        """
        select table_schema, table_name, column_name from information_schema.columns
        where table_schema not in ('information_schema', 'pg_catalog')
        union all
        values ('pg_catalog', 'pg_stats', 'most_common_vals'), ('pg_catalog', 'pg_stats', 'histogram_bounds'),
            ('pg_catalog', 'pg_description', 'description'), ('pg_catalog', 'pg_stat_activity', 'query')
        """
    ).fetchall()
    for schema, relation, column in places:
        found = session.execute(f'select distinct "{column}"::text from {schema}."{relation}"').fetchall()
        yield from ((f"{schema}.{relation}.{column}", text) for (text,) in found if text is not None)


def test_no_canary_sings_in_a_server(bank, patterns):
    psycopg = pytest.importorskip("psycopg", reason="no psycopg: pip install 'banktags[postgres]'")
    with running_server("log_statement=all", "log_min_messages=info") as variables:
        with pytest.MonkeyPatch.context() as patch:
            for name, value in variables.items():
                patch.setenv(name, value)
            bank.banktags("publish-postgres", "--by", "tests")
            with psycopg.connect() as session:
                looked, heard = heard_in(served_texts(session), patterns)
        log = Path(variables["PGHOST"]) / "log"
        _, logged = heard_in([("log", log.read_text(encoding="utf-8", errors="replace"))], patterns)
    assert len(looked) > 2000
    assert (heard, logged) == ({}, {})


def test_no_canary_sings_in_what_a_night_and_its_commands_leave_or_say(bank, patterns):
    """Logs, compiled SQL, pages, portraits, exports, records, output; the working file is not for readers."""
    files = [
        path
        for path in bank.folder.rglob("*")
        if path.is_file()
        and path.suffix not in (".duckdb", ".wal")
        and not path.is_relative_to(bank.folder / "building")
    ]
    assert {".html", ".csv", ".json", ".sql", ".parquet", ".msgpack"} <= {path.suffix for path in files}
    texts = [(str(path.relative_to(bank.folder)), path.read_bytes().decode("utf-8", "replace")) for path in files]
    with duckdb.connect() as con:
        for path in files:
            if path.suffix == ".parquet":
                rows = con.execute(f"select * from read_parquet('{path}')").fetchall()
                texts.append((f"rows of {path.name}", str(rows)))
    texts += [(f"output {number}", said) for number, said in enumerate(bank.said)]
    _, heard = heard_in(texts, patterns)
    assert heard == {}
