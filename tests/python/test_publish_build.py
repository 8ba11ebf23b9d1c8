"""Publishing by dbt build and banktags run: what must have passed, and that every reader finds what it reads."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import duckdb
import pytest
from dbt_warehouse import KEY, contents
from postgres_server import running_server
from small_disk import grow, mounted

from banktags.audience.definition import MEMBERS, ON_SALE, RELATIONS
from banktags.contract import PROJECT_ROOT
from banktags.packages import DBT
from banktags.publish.contents import PUBLISHED

BANKTAGS = Path(sys.executable).with_name("banktags")
FIRST, SECOND = "2026-06-29", "2026-06-30"
DAY = f"as_of_date: {FIRST}"

pytestmark = pytest.mark.slow


class Bank:
    """A bank whose dbt fills one file and whose readers have another."""

    def __init__(self, folder: Path, raw: Path) -> None:
        self.folder, self.raw, self.lists = folder, raw, folder / "lists"
        self.published = folder / "bank_tags.duckdb"
        self.work = folder / "building" / "bank_tags.duckdb"

    def environment(self) -> dict[str, str]:
        own = {
            "BANK_TAGS_RAW": self.raw,
            "BANK_TAGS_DB": self.published,
            "BANK_TAGS_LISTS": self.lists,
            "BANK_TAGS_PORTRAITS": self.folder / "portraits",
            "BANK_TAGS_PII_KEY": KEY,
            "BANK_TAGS_ROLE": "relationship_manager",
            "DBT_TARGET_PATH": self.folder / "target",
        }
        inherited = {name: value for name, value in os.environ.items() if name != "BANK_TAGS_WORK"}
        return inherited | {name: str(value) for name, value in own.items()}

    def run(self, *command: object) -> subprocess.CompletedProcess:
        arguments = [str(part) for part in command]
        return subprocess.run(arguments, cwd=PROJECT_ROOT, env=self.environment(), capture_output=True, text=True)

    def banktags(self, *arguments: object) -> str:
        done = self.run(BANKTAGS, *arguments)
        said = " ".join((done.stdout + done.stderr).split())
        assert done.returncode == 0, said
        return said

    def build(self, *arguments: object) -> subprocess.CompletedProcess:
        return self.run(DBT, "build", "--exclude-resource-type", "unit_test", *arguments)

    def version(self) -> dict:
        rows = json.loads(self.run(BANKTAGS, "versions", "--json").stdout)
        (current,) = [row for row in rows if row["is_current"]]
        return current


@pytest.fixture(scope="module")
def bank(demo_bank, tmp_path_factory) -> Bank:
    """The demo bank after a whole build of the evening before its last one, which has published it."""
    bank = Bank(tmp_path_factory.mktemp("published"), demo_bank)
    done = bank.build("--vars", DAY)
    assert done.returncode == 0, done.stdout[-3000:]
    assert "Published 2026-06-29-" in done.stdout
    return bank


def rows(file: Path, sql: str) -> list[tuple]:
    with duckdb.connect(str(file), read_only=True) as con:
        return con.execute(sql).fetchall()


def test_readers_have_every_published_relation_with_its_rows(bank):
    work, published = contents(bank.work), contents(bank.published)
    published.pop("governance.publication")
    expected = {name: found for name, found in work.items() if name.split(".")[0] in PUBLISHED}
    assert published == expected and len(published) > 200


def test_no_key_of_an_account_card_or_device_is_published(bank):
    """Whatever the extracts call an account, a card or a device stands in no text that is published."""
    keys = {"core/accounts": "account_id", "card/cards": "card_id", "digital/app_events": "device_id"}
    with duckdb.connect() as con:
        for table, column in keys.items():
            con.execute(
                f"""
                create or replace table keys as
                select distinct cast({column} as varchar) as key
                from read_parquet('{bank.raw}/{table}/dt=*/*.parquet', union_by_name = true)
                where {column} is not null
                """
            )
            assert con.execute("select count(*) from keys").fetchone()[0] > 100, table
            con.execute(f"attach '{bank.published}' as published (read_only)")
            texts = con.execute(
                """
                select columns.schema_name, columns.table_name, columns.column_name
                from duckdb_columns() as columns
                inner join duckdb_tables() as tables using (database_name, schema_name, table_name)
                where database_name = 'published' and data_type like 'VARCHAR%'
                """
            ).fetchall()
            found = [
                ".".join(text)
                for text in texts
                if con.execute(
                    f'select 1 from published.{text[0]}."{text[1]}" where "{text[2]}" in (from keys) limit 1'
                ).fetchone()
            ]
            con.execute("detach published")
            assert found == [], table


def test_every_published_column_says_what_it_is(bank):
    """What a model or seed describes; a comment is lost nowhere on the way."""
    comments = "select schema_name, table_name, column_name, comment from duckdb_columns() where comment is not null"
    kept = [row for row in rows(bank.work, comments) if row[0] in PUBLISHED]
    assert set(kept) <= set(rows(bank.published, comments)) and len(kept) > 2000
    silent = "select table_name from duckdb_tables() where comment is null union all "
    silent += "select view_name from duckdb_views() where comment is null and not internal"
    assert rows(bank.published, silent) == []


def test_commands_read_the_published_file(bank):
    """Each with the working file out of reach, as on a machine of readers."""
    moved = bank.work.rename(bank.folder / "moved.duckdb")
    try:
        (customer,) = rows(bank.published, "select min(id_value) from marts.customer_numbers where is_unshared")[0]
        assert "贵宾" in bank.banktags("query", "select name_zh from marts.pyramid_benchmark")
        bank.banktags("audience", "list")
        product = rows(bank.published, "select min(product_id) from audiences.audience_products where is_on_sale")[0][0]
        bank.banktags("audience", "estimate", "aum_month_avg >= 0", "--product", product, "--channel", "APP")
        done = bank.run(BANKTAGS, "audience", "estimate", "aum_month_avg >= 0", "--product", "NONE", "--channel", "APP")
        assert done.returncode and "there is no product NONE" in " ".join(done.stderr.split())
        bank.banktags("tiers", "simulate", "--grace-days", "60", "--json")
        # Of so few campaigns it may say that they are off; that is said of what was read and compiled.
        assert "20 campaigns, seed" in bank.run(BANKTAGS, "campaign", "calibrate", "--campaigns", "20").stdout
        bank.banktags("explain", customer, "aum_tier")
        bank.banktags("portrait", "customer", customer)
        bank.banktags("review", "--out", bank.folder / "review.html")
        bank.banktags("campaign", "report", "--out", bank.folder / "campaigns")
        bank.banktags("audience", "export", "service_recovery", "--to", bank.folder / "x.csv", "--reason", "a test")
        # The nights that follow, and this date built again, have its controls: none of them is reached.
        bank.banktags(
            "audience", "freeze", "white_collar_benefits", "--campaign", "CAMP-NEW-CARD", "--reason", "a test"
        )
    finally:
        moved.rename(bank.work)


#: Databases of their own, which are no warehouse: the demo bank's, a scratch, and what asks for either file.
OWN_DATABASES = ("simulate/*", "campaign/calibration.py", "demo_warehouse.py")


def test_every_relation_that_a_command_reads_is_published(bank):
    schemas = "|".join((*PUBLISHED, "staging", "intermediate"))
    reads = re.compile(rf"\b(?:from|join)\s+\(?((?:{schemas})\.[a-z0-9_]+)")
    found = {(name, "audience/definition.py") for name in (*RELATIONS.values(), ON_SALE, MEMBERS) if "(" not in name}
    package = PROJECT_ROOT / "banktags"
    for file in sorted(package.rglob("*.py")):
        place = file.relative_to(package)
        if not any(place.match(own) for own in OWN_DATABASES):
            found |= {(name, str(place)) for name in reads.findall(file.read_text(encoding="utf-8"))}
    relations = rows(bank.published, "select table_schema || '.' || table_name from information_schema.tables")
    published = {name for (name,) in relations}
    assert {(name, place) for name, place in found if name not in published} == set()
    assert len(found) > 40


def test_a_build_of_a_part_publishes_nothing(bank):
    before = bank.version()
    done = bank.build("--select", "pyramid_tiers", "--vars", DAY)
    assert done.returncode == 0
    assert "Nothing is published: this run leaves out" in done.stdout
    assert bank.version() == before


def test_a_night_whose_check_fails_publishes_nothing_and_the_same_command_mends_it(bank):
    """A record of an export that no chain knows: a check at the end of the build fails."""
    before, answers = bank.version(), contents(bank.published)
    stray = next((bank.folder / "lists" / "exports").glob("*.parquet"))
    stray = shutil.copy(stray, stray.with_name("20260101T000000-0123456789abcdef.parquet"))
    record = bank.folder / "night.json"
    night = ("run", "--date", SECOND, "--record", record)
    try:
        done = bank.run(BANKTAGS, *night)
    finally:
        stray.unlink()
    assert done.returncode == 1 and "assert_no_record_is_missing" in done.stderr
    said = json.loads(record.read_text(encoding="utf-8"))
    assert (said["outcome"], said["exit_code"], said["dates"][0]["published"]) == ("failed", 1, None)
    assert said["message"].startswith(f"{SECOND}: ")
    assert any("assert_no_record_is_missing" in fault for fault in said["dates"][0]["faults"])
    assert bank.version() == before and contents(bank.published) == answers
    assert rows(bank.work, "select max(as_of_date) from marts.customer_tags") != [(before["as_of_date"],)]

    # Nor is it by hand: the date is not recorded as done.
    done = bank.run(BANKTAGS, "publish", "--by", "Li")
    assert done.returncode == 1 and f"the build of {SECOND} was not completed" in " ".join(done.stderr.split())

    bank.banktags(*night)
    said = json.loads(record.read_text(encoding="utf-8"))
    assert (said["outcome"], said["exit_code"]) == ("done", 0)
    assert said["dates"][0]["published"] == f"{SECOND}-{bank.version()['digest'][:12]}"
    assert record.stat().st_mode & 0o777 == 0o600
    assert bank.version()["as_of_date"] == SECOND


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_a_run_ends_cleanly_by_a_signal(bank, number, code):
    before = bank.version()
    record = bank.folder / "stopped.json"
    command = [str(BANKTAGS), "run", "--date", SECOND, "--record", str(record)]
    with subprocess.Popen(
        command, cwd=PROJECT_ROOT, env=bank.environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        wal = bank.work.with_name(f"{bank.work.name}.wal")
        deadline = time.monotonic() + 300
        while not wal.exists() and process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.2)
        process.send_signal(number)
        _, said = process.communicate(timeout=120)
    assert process.returncode == code, said
    lines = [line for line in said.splitlines() if line.strip()]
    assert len(lines) <= 2 and "Traceback" not in said and "Run this again" in " ".join(said.split())
    assert json.loads(record.read_text(encoding="utf-8"))["outcome"] == "stopped"
    assert bank.version() == before
    # The file is free for whoever comes next.
    duckdb.connect(str(bank.work)).close()


def test_of_two_runs_at_once_one_works_and_the_other_says_who_does(bank):
    """They begin together: whoever comes to the file last finds it held, be it before dbt begins or after."""
    environment = bank.environment() | {"BANK_TAGS_LOCK_WAIT": "0"}
    records = [bank.folder / f"run{number}.json" for number in range(2)]
    processes = [
        subprocess.Popen(
            [str(BANKTAGS), "run", "--date", SECOND, "--record", str(record)],
            cwd=PROJECT_ROOT,
            # Each with what it has parsed: they would write to one file.
            env=environment | {"DBT_TARGET_PATH": str(bank.folder / f"target{number}")},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for number, record in enumerate(records)
    ]
    said = [" ".join(process.communicate(timeout=900)[1].split()) for process in processes]
    codes = [process.returncode for process in processes]
    assert sorted(codes) == [0, 75], said
    works, waits = codes.index(0), codes.index(75)
    assert "is still held by" in said[waits] and f"(process {processes[works].pid}) after 0 minutes" in said[waits]
    assert "FAILED" not in said[waits] and "Traceback" not in said[waits]
    outcomes = [json.loads(record.read_text(encoding="utf-8"))["outcome"] for record in records]
    assert (outcomes[works], outcomes[waits]) == ("done", "not_yet")
    assert bank.version()["as_of_date"] == SECOND
    bank.banktags("publish", "--verify")
    expected = {name: found for name, found in contents(bank.work).items() if name.split(".")[0] in PUBLISHED}
    published = contents(bank.published)
    published.pop("governance.publication")
    assert published == expected


@pytest.mark.long
def test_a_disk_that_gets_full_in_the_midst_of_a_build_is_named_and_readers_keep_what_they_have(bank, tmp_path):
    before, answers = bank.version(), contents(bank.published)
    with mounted(tmp_path / "disk", bank.published.stat().st_size // 2**20 + 8) as disk:
        environment = bank.environment() | {"BANK_TAGS_WORK": str(disk / bank.work.name)}
        command = [str(BANKTAGS), "run", "--date", SECOND, "--record", str(tmp_path / "run.json")]

        def night() -> tuple[int, str]:
            done = subprocess.run(command, cwd=PROJECT_ROOT, env=environment, capture_output=True, text=True)
            return done.returncode, " ".join(done.stderr.split())

        code, said = night()
        assert code == 1 and f"The disk of {disk}" in said and "is full" in said, said
        assert "Free room there, or let BANK_TAGS_WORK name a file elsewhere" in said and "Traceback" not in said
        assert "The disk of" in json.loads((tmp_path / "run.json").read_text(encoding="utf-8"))["message"]
        assert bank.version() == before and contents(bank.published) == answers
        # The same command, once there is room.
        grow(disk, 2000)
        code, said = night()
        assert code == 0 and "published" in said, said
        assert bank.version()["as_of_date"] == SECOND and bank.version() != before


def test_an_earlier_date_is_built_to_be_looked_at(bank):
    before = bank.version()
    done = bank.build("--vars", DAY)
    assert done.returncode == 0 and f"readers have a later date than {FIRST}" in done.stdout
    assert bank.version() == before
    # The list that was frozen on that very date counts in it: its controls were members, and are reached no more.
    sql = "select count(*), count(channel) from audiences.audience_members where customer_id in (select customer_id "
    sql += "from audiences.frozen_lists where arm = 'CONTROL') and audience = 'white_collar_benefits'"
    ((members, reached),) = rows(bank.work, sql)
    assert members > 0 and reached == 0


def test_a_publication_by_hand_runs_the_checks(bank):
    assert f"stands on {FIRST}" in bank.banktags("publish", "--check")
    done = bank.run(BANKTAGS, "publish")
    assert done.returncode == 1 and "banktags publish --older" in done.stderr
    said = bank.banktags("publish", "--older", "--by", "Li", "--reason", "the batch of the last day was wrong")
    assert "Published" in said
    assert bank.version()["as_of_date"] == FIRST and bank.version()["passed"] > 400


@pytest.mark.long
def test_kills_lose_nothing_and_mix_nothing(tmp_path):
    """Eleven random kills, two of them of a night; the script takes any number: benchmarks/kills.py --kills 200."""
    options = ["--kills", "11", "--folder", str(tmp_path / "kills"), "--postgres"]
    command = [sys.executable, "benchmarks/kills.py", *options]
    environment = {name: value for name, value in os.environ.items() if not re.match("BANK_TAGS_|DBT_|PG", name)}
    with running_server() as server:
        done = subprocess.run(command, cwd=PROJECT_ROOT, env=environment | server, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-2000:]
