"""Kill commands at random moments beside readers, and see that nothing is lost, mixed or half there.

    PGHOST=… PGUSER=… python benchmarks/kills.py --kills 200 --folder /tmp/kills --postgres

A demo bank of 300 customers. One copy of it is left in peace: two nights, the reference. In the other one, a tenth of
the kills (SIGKILL to the whole process group) falls on the second night, by ``banktags run`` and by ``dbt build``, and
the rest on publications, rollbacks, loads, freezes, exports, openings and backups. Every killed command is given again,
as it stands, and must succeed. Meanwhile readers open the published file, one of them ten times a second, and one
keeps it open. With ``--postgres`` publications go into the server that the variables of libpq lead to as well, and
three of the eight readers ask there.

At the end: no reader saw an error or two dates in one answer; every list and every export has its record and every
record its file; the published tables are those of the reference. Exits with 1, and says what was wrong, otherwise.
"""

import argparse
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import duckdb
import psycopg

from banktags.contract import KNOWN_AT, PARTITION

PROJECT = Path(__file__).parents[1]
BANKTAGS, DBT = (Path(sys.executable).with_name(name) for name in ("banktags", "dbt"))
FIRST, SECOND = "2026-06-29", "2026-06-30"
#: Readers of the published file, and how many of them ask the PostgreSQL server where there is one.
READERS, OF_POSTGRES = 8, 3
#: One kill in so many falls on a night.
NIGHT_OF = 10
#: Tables of a delivery that is loaded.
TABLES = 8
#: What is made for each trial anew, and does not go into a build: the nights of the reference have none of it.
PUBLISH = """
from banktags.publish.publication import Checks, publish_work
publish_work(Checks(0, 0), "kills", "a kill", is_older_meant=True)
"""
#: Opens the published file until its standard input ends; prints what it saw: the dates of one answer, or an error.
READER = """
import sys, threading, duckdb
ended = threading.Event()
threading.Thread(target=lambda: (sys.stdin.read(), ended.set()), daemon=True).start()
SQL = '''
    select list_distinct([
        (select max(as_of_date) from governance.publication), (select min(as_of_date) from marts.customer_tags),
        (select max(as_of_date) from marts.customer_360), (select max(as_of_date) from segments.segment__pyramid),
        (select max(as_of_date) from tags.fact_tags__aum), (select max(as_of_date) from history.business_dates)
    ])
'''
kept = duckdb.connect(sys.argv[1], read_only=True) if sys.argv[2] == "keep" else None
while not ended.wait(float(sys.argv[3])):
    try:
        if kept:
            seen = kept.execute(SQL).fetchone()[0]
        else:
            with duckdb.connect(sys.argv[1], read_only=True) as con:
                seen = con.execute(SQL).fetchone()[0]
        print(*seen, flush=True)
    except Exception as error:
        print(f"error {error}".splitlines()[0], flush=True)
"""
#: Asks the server of the variables of libpq, as a user who only reads, until its standard input ends.
POSTGRES_READER = """
import sys, threading, psycopg
ended = threading.Event()
threading.Thread(target=lambda: (sys.stdin.read(), ended.set()), daemon=True).start()
SQL = '''
    select distinct read_date from (
        select business_date as read_date from publication.version
        union all select max(as_of_date) from marts.customer_tags
        union all select min(as_of_date) from marts.customer_360
        union all select max(as_of_date) from segments.segment__pyramid
        union all select max(as_of_date) from tags.fact_tags__aum
        union all select as_of_date from governance.publication
    ) as dates
'''
with psycopg.connect(user=sys.argv[1], autocommit=True) as session:
    while not ended.wait(float(sys.argv[2])):
        try:
            print(*(read_date for (read_date,) in session.execute(SQL)), flush=True)
        except Exception as error:
            print(f"error {error}".splitlines()[0], flush=True)
"""
POSTGRES_USER = "kills_reader"
#: What the server and the reference file must answer alike at the end.
ANSWER = (
    "select as_of_date, count(*), sum(aum_spot), count(lifecycle_stage) from marts.customer_tags group by as_of_date"
)
#: Published relations that say when they were made.
OF_THE_MOMENT = ("governance.publication",)


@dataclass
class Bank:
    """Extracts, working file, published file and lists in one folder, and the environment of commands on them."""

    folder: Path

    @property
    def raw(self) -> Path:
        return self.folder / "raw"

    @property
    def published(self) -> Path:
        return self.folder / "warehouse" / "bank_tags.duckdb"

    def environment(self, **settings: object) -> dict[str, str]:
        own = {
            "BANK_TAGS_RAW": self.raw,
            "BANK_TAGS_DB": self.published,
            "BANK_TAGS_LISTS": self.folder / "lists",
            "BANK_TAGS_PORTRAITS": self.folder / "portraits",
            "BANK_TAGS_PII_KEY": "key-of-the-kill-script",
            "BANK_TAGS_ROLE": "relationship_manager",
            "DBT_TARGET_PATH": self.folder / "target",
            "DBT_LOG_PATH": self.folder / "logs",
            "DBT_LOG_LEVEL_FILE": "none",
        }
        without_work = {name: value for name, value in os.environ.items() if name != "BANK_TAGS_WORK"}
        return without_work | {name: str(value) for name, value in (own | settings).items()}


@dataclass
class Trial:
    """A command to kill: what it is, with which settings, what to see to afterwards, and how long it takes whole."""

    name: str
    command: list[object]
    settings: dict[str, object] = field(default_factory=dict)
    check: Callable[[], list[str]] = list


class Kills:
    """The bank that is left in peace, the one that is not, and what went wrong."""

    def __init__(self, folder: Path, seed: int, with_postgres: bool) -> None:
        self.folder, self.draw, self.with_postgres = folder, random.Random(seed), with_postgres
        self.reference, self.bank = Bank(folder / "reference"), Bank(folder / "killed")
        self.seconds: dict[str, float] = {}
        self.faults: list[str] = []
        self.number = 0

    def prepare(self) -> None:
        """Two nights in peace, the first of which the other bank begins with."""
        if self.folder.exists():
            raise SystemExit(f"{self.folder} exists: name another folder")
        self.reference.folder.mkdir(parents=True)
        simulate = ["simulate", "--customers", "300", "--days", "120", "--out", self.reference.raw]
        self.whole(self.reference, [BANKTAGS, *simulate])
        self.whole(self.reference, [BANKTAGS, "run", "--date", FIRST])
        shutil.copytree(self.reference.folder, self.bank.folder, ignore=shutil.ignore_patterns("raw"))
        (self.bank.folder / "raw").symlink_to(self.reference.raw)
        started = time.monotonic()
        self.whole(self.reference, [BANKTAGS, "run", "--date", SECOND])
        self.seconds["run"] = self.seconds["build"] = time.monotonic() - started
        if self.with_postgres:
            self.whole(self.bank, [BANKTAGS, "publish-postgres", "--by", "kills"])
            with psycopg.connect(autocommit=True) as session:
                session.execute(f"drop role if exists {POSTGRES_USER}")
                session.execute(f"create role {POSTGRES_USER} login in role banktags_analyst")

    def whole(self, bank: Bank, command: list[object], **settings: object) -> str:
        """Run a command to its end; its output.

        Raises:
            SystemExit: it fails.
        """
        done = subprocess.run(
            [str(part) for part in command],
            cwd=PROJECT,
            env=bank.environment(**settings),
            capture_output=True,
            text=True,
        )
        if done.returncode:
            raise SystemExit(f"{command} ended with {done.returncode}:\n{done.stdout[-3000:]}{done.stderr[-3000:]}")
        return done.stdout

    def kill(self, trial: Trial) -> None:
        """Start a command, kill it at a random moment of its time, give it again, and look at what it left."""
        command = [str(part) for part in trial.command]
        environment = self.bank.environment(**trial.settings)
        moment = self.draw.uniform(0, self.seconds.get(trial.name, 2.0))
        with subprocess.Popen(
            command,
            cwd=PROJECT,
            env=environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        ) as process:
            try:
                process.wait(moment)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
        was_killed = process.returncode == -signal.SIGKILL
        started = time.monotonic()
        again = subprocess.run(command, cwd=PROJECT, env=environment, capture_output=True, text=True)
        self.seconds.setdefault(trial.name, time.monotonic() - started)
        said = " ".join((again.stdout + again.stderr).split())
        # What the killed command had finished is refused the second time: it stands.
        if again.returncode and not any(words in said for words in ("exists", "already", "frozen")):
            self.faults.append(f"{trial.name} given again ended with {again.returncode}: {said[-600:]}")
        self.faults += [f"{trial.name}: {fault}" for fault in trial.check()]
        print(f"{'killed' if was_killed else 'ended '} {trial.name} at {moment:.1f} s", flush=True)

    def night(self, number: int) -> Trial:
        """The second night, by the nightly command or by dbt; the second time it changes nothing."""
        if number % 2:
            command = [DBT, "--quiet", "build", "--exclude-resource-type", "unit_test"]
            return Trial("build", [*command, "--vars", f"as_of_date: {SECOND}"])
        return Trial("run", [BANKTAGS, "run", "--date", SECOND])

    def other(self) -> Trial:
        """Something that keeps, takes out or switches."""
        self.number += 1
        own = self.folder / "trials" / str(self.number)
        own.mkdir(parents=True)
        lists = {"BANK_TAGS_LISTS": own / "lists"}
        said = ["--by", "kills", "--reason", "a kill"]
        list_file = own / "out" / "list.csv"
        freeze = ["freeze", "white_collar_benefits", "--campaign", "CAMP-NEW-CARD"]
        trials = [
            Trial("publish", [sys.executable, "-c", PUBLISH]),
            Trial("rollback", [BANKTAGS, "rollback", self.draw.choice([FIRST, SECOND]), *said]),
            Trial("freeze", [BANKTAGS, "audience", *freeze, *said], lists, lambda: frozen_faults(own / "lists")),
            Trial(
                "export",
                [BANKTAGS, "audience", "export", "service_recovery", "--to", list_file, *said],
                lists,
                lambda: export_faults(own / "lists", list_file),
            ),
            Trial("backup", [BANKTAGS, "backup", own / "backup.tar", *said]),
            Trial("restore", [BANKTAGS, "restore", self.folder / "backup.tar", *said, "--older"]),
            Trial(
                "load",
                [BANKTAGS, "load", self.delivery(), "--date", SECOND],
                {"BANK_TAGS_RAW": own / "raw"},
                lambda: load_faults(self.delivery(), own / "raw"),
            ),
        ]
        if self.with_postgres:
            trials.append(Trial("publish-postgres", [BANKTAGS, "publish-postgres", "--by", "kills", "--again"]))
        return self.draw.choice(trials)

    def delivery(self) -> Path:
        """Extracts of one day, as a bank delivers them."""
        folder = self.folder / "delivery"
        if not folder.exists():
            folder.mkdir()
            for source in sorted(self.reference.raw.glob(f"[a-z]*/*/{PARTITION}={SECOND}/*.parquet"))[:TABLES]:
                table = source.parents[1]
                with duckdb.connect() as con:
                    con.execute(
                        f"copy (select columns(name -> name not in ('{PARTITION}', '{KNOWN_AT}')) from '{source}') "
                        f"to '{folder}/{table.parent.name}__{table.name}.parquet' (format parquet)"
                    )
            (folder / "core__batches.parquet").unlink(missing_ok=True)
        return folder

    @contextmanager
    def readers(self) -> Iterator[None]:
        """Readers of the published file and of the server; afterwards what they saw is judged."""
        logs = [self.folder / f"reader-{number}.log" for number in range(READERS)]
        with ExitStack() as stack:
            processes = []
            for number, log in enumerate(logs):
                script = [sys.executable, "-c", *self.reader(number)]
                output = stack.enter_context(log.open("w", encoding="utf-8"))
                processes.append(
                    stack.enter_context(
                        subprocess.Popen(script, stdin=subprocess.PIPE, stdout=output, stderr=output, text=True)
                    )
                )
            try:
                yield
            finally:
                for process in processes:
                    process.stdin.close()
        for number, log in enumerate(logs):
            answers = log.read_text(encoding="utf-8").splitlines()
            strange = {answer for answer in answers if answer not in ({FIRST} if number == 0 else {FIRST, SECOND})}
            self.faults += [f"reader {number} saw: {answer}" for answer in sorted(strange)[:5]]
            if not answers:
                self.faults.append(f"reader {number} saw nothing")
            print(f"reader {number}: {len(answers)} answers", flush=True)

    def reader(self, number: int) -> list[str]:
        """The script of a reader and what it is given: the first keeps the file open, the second opens it often."""
        if self.with_postgres and number >= READERS - OF_POSTGRES:
            return [POSTGRES_READER, POSTGRES_USER, "0.5"]
        how, pause = ("keep", "1") if number == 0 else ("open", "0.1" if number == 1 else "1")
        return [READER, str(self.bank.published), how, pause]

    def compare(self) -> None:
        """Publish the second night once more, and compare every published relation with the reference."""
        self.whole(self.bank, [BANKTAGS, "run", "--date", SECOND])
        if self.with_postgres:
            self.whole(self.bank, [BANKTAGS, "publish-postgres", "--by", "kills"])
            with psycopg.connect() as session, duckdb.connect(str(self.reference.published), read_only=True) as con:
                in_server = session.execute(ANSWER).fetchall()
                expected = con.execute(ANSWER).fetchall()
            self.faults += [f"the server has {in_server}, and not {expected}"] if in_server != expected else []
        found, expected = contents(self.bank.published), contents(self.reference.published)
        self.faults += [
            f"{name} is not as in a build that nobody killed: {found.get(name)}, and not {expected.get(name)}"
            for name in sorted(found.keys() | expected.keys())
            if found.get(name) != expected.get(name)
        ]


def frozen_faults(lists: Path) -> list[str]:
    """A list without its record, or a record without its list."""
    return _pairs(lists.glob("assignments/*.parquet"), lists.glob("exports/*.parquet"), lists, "lists frozen")


def export_faults(lists: Path, file: Path) -> list[str]:
    """An export without its record, or a record without its export; or one that others may read."""
    faults = _pairs(file.parent.glob("*.csv"), lists.glob("exports/*.parquet"), lists, "exports")
    if file.exists() and file.stat().st_mode & 0o077:
        faults.append(f"{file} is readable for others")
    return faults


def _pairs(files: Iterator[Path], kept: Iterator[Path], lists: Path, what: str) -> list[str]:
    one, other = len(list(files)), len(list(kept))
    left = [path for path in lists.parent.rglob("*.partial")]
    faults = [f"{one} {what} and {other} records"] if (one, other) != (1, 1) else []
    return faults + [f"{path} is left" for path in left]


def load_faults(delivery: Path, raw: Path) -> list[str]:
    """What has landed is not what was delivered, or something is left beside it."""
    faults = [f"{path} is left" for path in raw.glob("_load/*") if path.name in ("publish.json", "staging", "lock")]
    for file in delivery.iterdir():
        system, table = file.stem.split("__")
        pattern = f"{raw}/{system}/{table}/dt={SECOND}/*.parquet"
        with duckdb.connect() as con:
            (given,) = con.execute("select count(*) from read_parquet(?)", [str(file)]).fetchone()
            try:
                (landed,) = con.execute("select count(*) from read_parquet(?)", [pattern]).fetchone()
            except duckdb.IOException:
                landed = 0
        if given != landed:
            faults.append(f"{file.stem}: {given} rows delivered, {landed} landed")
    return faults


def contents(file: Path) -> dict[str, tuple[int, str]]:
    """Rows and a hash, whatever their order, of every published table and view."""
    with duckdb.connect(str(file), read_only=True) as con:
        names = con.execute("select table_schema || '.' || table_name from information_schema.tables").fetchall()
        return {
            name: con.execute(f"select count(*), cast(sum(hash(compared)) as varchar) from {name} compared").fetchone()
            for (name,) in names
            if name not in OF_THE_MOMENT
        }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--minutes", type=float, default=40, help="no kill begins later than this")
    parser.add_argument("--postgres", action="store_true", help="publish into the server of PGHOST …, and read there")
    arguments = parser.parse_args()
    started = time.monotonic()

    kills = Kills(arguments.folder.absolute(), arguments.seed, arguments.postgres)
    kills.prepare()
    with kills.readers():
        kills.kill(kills.night(0))
        kills.whole(kills.bank, [BANKTAGS, "backup", kills.folder / "backup.tar", "--by", "kills"])
        done = 1
        while done < arguments.kills and time.monotonic() - started < 60 * arguments.minutes:
            kills.kill(kills.other() if done % NIGHT_OF else kills.night(done // NIGHT_OF))
            done += 1
        kills.compare()
    result = {"kills": done, "asked": arguments.kills, "faults": kills.faults}
    print(json.dumps(result, ensure_ascii=False, indent=1))
    sys.exit(1 if kills.faults else 0)


if __name__ == "__main__":
    main()
