"""Canaries (金丝雀): a text planted in every source column that holds text of a customer is in the extracts alone.

Each column has a token of its own, so that what is found says where it came from. Looked for are the token as it is, in
any case, shortened, in Base64 and hex, and as a hash without the key, in every value that readers see and every byte of
what a night and its commands leave behind or say.
"""

import base64
import hashlib
import itertools
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest
from dbt_warehouse import KEY

from banktags.contract import PROJECT_ROOT, read_contract
from banktags.packages import DBT
from banktags.publish.contents import PUBLISHED

pytestmark = [pytest.mark.slow, pytest.mark.long]  # a build of its own: the nightly job has the time

BANKTAGS = Path(sys.executable).with_name("banktags")
#: What a token begins and ends with: its first and last seven letters, so that a shortened one is found as well.
HEAD, TAIL = "Kanarie", "Gezwits"
#: What the bank says of itself and its catalogue; none of it is of a customer, and readers see its names.
REFERENCE = {"core.branches", "core.products", "core.managers", "core.exchange_rates", "core.batches"}
REFERENCE |= {"marketing.campaigns", "marketing.costs"}
#: The numbers by which readers know a customer, and a contact who is none yet.
NUMBERS = {("core.customers", "customer_id"), ("crm.contacts", "contact_id")}


def planted_columns() -> list[tuple[str, str]]:
    """Table and column of each text of a customer: keys, codes and names, but for what refers to another table."""
    return [
        (table.qualified_name, column.name)
        for table in read_contract().values()
        if table.qualified_name not in REFERENCE and table.system != "governance"
        for column in table.columns
        if column.data_type == "string" and not column.references and (table.qualified_name, column.name) not in NUMBERS
    ]


def token(number: int) -> str:
    return f"{HEAD}{number:03d}x{TAIL}"


def plant(raw: Path, columns: list[tuple[str, str]]) -> None:
    """Write token ``i`` into column ``i``, each in another row while there are; no later batch replaces it."""
    contract = read_contract()
    with duckdb.connect() as con:
        for name in dict.fromkeys(table for table, _ in columns):
            key = ", ".join(contract[name].primary_key)
            own = [(number, column) for number, (table, column) in enumerate(columns) if table == name]
            # Keys come last: a row is found by its key.
            own.sort(key=lambda planted: planted[1] in contract[name].primary_key)
            latest = con.execute(
                f"""
                select filename, {key} from {extracts(raw, name)}
                qualify row_number() over (partition by {key} order by filename desc) = 1
                order by filename desc, {key}
                """
            ).fetchall()
            for (number, column), (file, *values) in zip(own, itertools.cycle(latest), strict=False):
                is_row = " and ".join(f"{part} = ?" for part in contract[name].primary_key)
                text = f"case when {is_row} then '{token(number)}' else {column} end"
                rows = f"select * replace ({text} as {column}) from read_parquet('{file}', hive_partitioning = false)"
                con.execute(f"create or replace table planted as {rows}", values)
                con.execute(f"copy planted to '{file}' (format parquet)")


def extracts(raw: Path, table: str) -> str:
    return f"read_parquet('{raw}/{table.replace('.', '/')}/dt=*/*.parquet', union_by_name = true, filename = true)"


def songs(tokens: list[str]) -> list[re.Pattern[str]]:
    """Patterns that find a token in any of its forms."""
    written = [text for head in (HEAD, TAIL) for text in (head, head.encode().hex())]
    for text in (HEAD, TAIL):
        for shift in range(3):
            # Of the letters that the shifted text's own bytes decide alone.
            coded = base64.b64encode(b"\0" * shift + text.encode()).decode().rstrip("=")
            written.append(coded[-(-shift * 8 // 6) : (shift + len(text)) * 8 // 6])
    hashes = [
        hashed(text.encode()).hexdigest() for text in tokens for hashed in (hashlib.sha256, hashlib.md5, hashlib.sha1)
    ]
    return [re.compile("|".join(written), re.IGNORECASE), re.compile("|".join(hashes), re.IGNORECASE)]


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
def columns() -> list[tuple[str, str]]:
    return planted_columns()


@pytest.fixture(scope="module")
def bank(demo_bank, columns, tmp_path_factory) -> Bank:
    """A night of it, and each command that writes or says something of customers."""
    folder = tmp_path_factory.mktemp("canaries")
    raw = folder.with_name(f"{folder.name}-raw")
    shutil.copytree(demo_bank, raw)
    plant(raw, columns)
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


def test_every_text_of_a_customer_has_its_canary(bank, columns):
    """In the extracts each token is found: what the tests below don't find, they could have found."""
    assert len(columns) > 60
    with duckdb.connect() as con:
        for number, (table, column) in enumerate(columns):
            found = con.execute(
                f"select count(*) from {extracts(bank.raw, table)} where {column} = ?", [token(number)]
            ).fetchone()
            assert found == (1,), f"{table}.{column}"


@pytest.mark.parametrize("written", [str, str.upper, lambda text: text[:7], lambda text: text[-8:]])
@pytest.mark.parametrize(
    "coded", [str, lambda text: base64.b64encode(text.encode()).decode(), lambda text: text.encode().hex()]
)
def test_a_canary_is_heard_in_any_form(written, coded):
    """Wherever in a longer text it stands; upper case in Base64 is another text, which nobody makes by chance."""
    if written is str.upper and coded is not str:
        pytest.skip("a text in capitals is not coded")
    for before in ("", "a", "ab", "abc"):
        assert any(song.search(coded(before + written(token(17)) + "z")) for song in songs([token(17)])), before
    digest = hashlib.sha256(token(17).encode()).hexdigest()
    assert any(song.search(digest) for song in songs([token(17)]))


def published_texts(file: Path) -> Iterator[tuple[str, str]]:
    """Relation and column, and each distinct text in it, of all that readers see."""
    with duckdb.connect(str(file), read_only=True) as con:
        places = con.execute(
            """
            select schema_name, table_name, column_name from duckdb_columns()
            where database_name = current_database() and not internal
                and regexp_matches(data_type, 'VARCHAR|JSON|BLOB')
            order by all
            """
        ).fetchall()
        assert {schema for schema, *_ in places} <= set(PUBLISHED)
        for schema, relation, column in places:
            texts = con.execute(f'select distinct cast("{column}" as varchar) from {schema}."{relation}"').fetchall()
            for (text,) in texts:
                if text is not None:
                    yield f"{schema}.{relation}.{column}", text


def test_no_canary_sings_in_what_readers_see(bank, columns):
    patterns = songs([token(number) for number in range(len(columns))])
    looked, heard = set(), {}
    for place, text in published_texts(bank.published):
        looked.add(place)
        if any(song.search(text) for song in patterns):
            heard[place] = text[:80]
    assert len(looked) > 1000
    assert heard == {}


def test_no_canary_sings_in_what_a_night_and_its_commands_leave_or_say(bank, columns):
    """Logs, compiled SQL, pages, portraits, exports, records, output; the working file is not for readers."""
    patterns = songs([token(number) for number in range(len(columns))])
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
    heard = {
        name: text[max(0, found.start() - 200) : found.end() + 80]
        for name, text in texts
        for song in patterns
        if (found := song.search(text))
    }
    assert heard == {}
