"""One batch from the bank's folder to the landing zone: open, check, compare with what is landed, stage and publish."""

import datetime
import hashlib
from collections import Counter, defaultdict
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path

import duckdb
from rich.progress import Progress

from banktags import clock
from banktags.contract import PARTITION, read_contract
from banktags.landing import EMPTY_PARTITION
from banktags.load import damage, publish, stage
from banktags.load.checks import column_problems, left_out, with_contract_names
from banktags.load.currency import currency_warnings
from banktags.load.dated import together
from banktags.load.delimited import AS_USUAL, TextForm
from banktags.load.delivery import (
    delivered_twice,
    find_files,
    left_aside,
    name_date,
    open_extract,
    open_parquet,
    table_of,
)
from banktags.load.extract import Extract, literal, path_fault
from banktags.load.mapping import close_off, confined, create_views, read_mapping, run_mapping
from banktags.load.preview import CONTROL_TABLE, Preview, preview
from banktags.load.problems import BatchError, Problem, printable
from banktags.load.rows import BadRow, DeliveredTable, Partition, places

#: Local time of the bank (Asia/Shanghai has no daylight saving), in which ``loaded_at`` is stamped.
BANK_TIME = datetime.timezone(datetime.timedelta(hours=8))
#: Memory that DuckDB may use; what needs more is spilled to the staging folder.
MEMORY_LIMIT = "2GB"
#: Bad rows listed for each table when a batch is refused.
LISTED_ROWS = 5
#: A business date is asked about when it lies more days than this from all that is landed: a year, and the leap day.
USUAL_GAP_DAYS = 366


@dataclass(frozen=True)
class Options:
    """How to treat a delivery; see ``banktags load --help``."""

    mapping: Path | None = None
    date: datetime.date | None = None
    max_rejects: int = 0
    replace: bool = False
    form: TextForm = AS_USUAL
    date_is_right: bool = False


@dataclass(frozen=True)
class Report:
    """What a load did."""

    batch_id: str
    partitions: list[Partition]
    notes: list[str]
    warnings: list[str]


def load_batch(delivery: Path, root: Path, options: Options, progress: Progress) -> Report:
    """Land the extracts of the folder ``delivery`` under ``root``, all or none.

    Raises:
        BatchError: the delivery breaks the contract; the landing zone is as it was.
        LandingBusy: another load is running.
    """
    files = _delivered_files(delivery, root, options.mapping)
    with publish.landing_lock(root), duckdb.connect() as con, ExitStack() as sessions:
        return _Batch(con, sessions, delivery, root, options, progress).load(files)


def check_batch(delivery: Path, root: Path, options: Options, progress: Progress) -> Preview:
    """What loading the folder ``delivery`` would do; nothing is landed.

    Raises:
        LandingBusy: another load is running.
    """
    try:
        files = _delivered_files(delivery, root, options.mapping)
    except BatchError as error:
        return Preview(problems=[str(problem) for problem in error.problems])
    with publish.landing_lock(root), duckdb.connect() as con, ExitStack() as sessions:
        return _Batch(con, sessions, delivery, root, options, progress).check(files)


def _delivered_files(delivery: Path, root: Path, mapping: Path | None) -> list[Path]:
    for path in (root.absolute(), mapping):
        if path and (fault := path_fault(path)):
            raise BatchError([Problem(str(path), fault, "rename the folder, or choose another one")])
    inside, outside = sorted((delivery.resolve(), root.resolve()), key=lambda path: len(path.parts), reverse=True)
    if inside.is_relative_to(outside):
        what = f"the extracts and the landing zone {root} lie in one another"
        raise BatchError([Problem(str(delivery), what, "load from a folder of its own")])
    if (root / "_truth").exists():
        what = f"the landing zone {root} holds the demo bank, whose customers would mix with the bank's own"
        raise BatchError([Problem(str(root), what, "run `make clean`, or choose another landing zone with --to")])
    return find_files(delivery)


class _Batch:
    """One load: the DuckDB session, the staging folder, and the problems and notes gathered so far."""

    def __init__(
        self,
        con: duckdb.DuckDBPyConnection,
        sessions: ExitStack,
        delivery: Path,
        root: Path,
        options: Options,
        progress: Progress,
    ) -> None:
        self.con, self.sessions, self.delivery, self.root = con, sessions, delivery, root
        self.options, self.progress = options, progress
        self.contract = read_contract()
        self.work = root / publish.STAGING / "work"
        self.work.mkdir(parents=True)
        con.execute(f"set memory_limit = '{MEMORY_LIMIT}'; set TimeZone = 'Asia/Shanghai'")
        con.execute(f"set temp_directory = {literal(self.work / 'spill')}")
        self.loaded_at = clock.now(BANK_TIME)
        self.problems: list[Problem] = []
        self.notes: list[str] = []
        self.tables: dict[str, DeliveredTable] = {}
        self.partitions: dict[str, list[Partition]] = {}

    def load(self, files: list[Path]) -> Report:
        rejects = self._judge(files)
        strange = [codes for table in self.tables.values() for codes in damage.strange_codes(table)]
        warnings = damage.warnings(self.con, self.root, strange, self.partitions)
        warnings += currency_warnings(self.root, self.tables)
        report = self._land(self.tables, self.partitions, rejects)
        return replace(report, warnings=warnings)

    def check(self, files: list[Path]) -> Preview:
        """What ``load`` would do, as far as it can be told with the problems that there are."""
        try:
            self._judge(files)
        except BatchError as error:
            self.problems = list(error.problems)
        problems = [str(problem) for problem in self.problems]
        return preview(self.con, self.root, self.contract, self.tables, self.partitions, problems, self.notes)

    def _judge(self, files: list[Path]) -> list[BadRow]:
        """All that decides whether the batch is landed; the rows that are set aside when it is."""
        aside = left_aside(self.delivery)
        if aside:
            self.notes.append(f"Left aside, since a name begins with _ or . : {_some(aside)}.")
        extracts = self._map(files) if self.options.mapping else self._open(files)
        self.tables, rejects = self._check_rows(self._check_columns(extracts))
        self.partitions = {name: table.partitions() for name, table in self._track("counting", self.tables)}
        self._verify_counts(self.tables, self.partitions)
        self._stop_on_problems()
        self._compare(self.tables, self.partitions)
        return rejects

    # Every file becomes an extract of a contract table: by its name, or through the mapping.

    def _open(self, files: list[Path]) -> dict[str, list[Extract]]:
        opened, repeatable = defaultdict(list), defaultdict(list)
        for path in self.progress.track(files, description="opening files"):
            name = path.relative_to(self.delivery).as_posix()
            table, dt = table_of(name, self.contract), name_date(name)
            if self._is_problem(table) or self._is_problem(dt):
                continue
            form, known = self.options.form, table.column_names
            extract = open_extract(self.con, path, name, self.work, form=form, known=known)
            if self._is_problem(extract) or (extract.rows == 0 and str(dt) == EMPTY_PARTITION):
                continue
            opened[table.qualified_name].append(replace(extract, dt=dt))
            if extract.rows:
                # A full snapshot may well equal the one of another business date.
                repeatable[dt if table.kind == "version" else None].append((name, path))
        for group in repeatable.values():
            self.problems += delivered_twice(group)
        return opened

    def _map(self, files: list[Path]) -> dict[str, list[Extract]]:
        mapping = read_mapping(self.options.mapping, self.contract)
        opened = []
        for path in self.progress.track(files, description="opening files"):
            name = path.relative_to(self.delivery).as_posix()
            dt = name_date(name)
            extract = open_extract(self.con, path, name, self.work, any_delimiter=True, form=self.options.form)
            if not self._is_problem(dt) and not self._is_problem(extract):
                opened.append(replace(extract, dt=dt))
        self.problems += delivered_twice((path.relative_to(self.delivery).as_posix(), path) for path in files)
        readable = [extract for extract in together(self.con, opened, self.work) if not self._is_problem(extract)]
        # Open as long as the load: where the rows of its SELECTs come from is asked later.
        session = self.sessions.enter_context(confined(self.work, MEMORY_LIMIT))
        views, problems = create_views(session, readable)
        self.problems += problems
        self._stop_on_problems()
        close_off(views, self.work)
        mapped = defaultdict(list)
        for path, table in self.progress.track(mapping.items(), description="mapping"):
            extract = run_mapping(views, path, self.work)
            if not self._is_problem(extract):
                mapped[table.qualified_name].append(extract)
        return mapped

    # All problems of all files are gathered before the batch is refused.

    def _check_columns(self, extracts: dict[str, list[Extract]]) -> dict[str, list[Extract]]:
        """The tables whose extracts all have the contract's columns."""
        sound = {}
        for name, delivered in extracts.items():
            before = len(self.problems)
            found = [with_contract_names(extract, self.contract[name]) for extract in delivered]
            for extract in found:
                dated = (extract.dt or self.options.date) is not None
                self.problems += column_problems(extract, self.contract[name], dated)
            if len(self.problems) == before:
                sound[name] = found
                absent = sorted({column for extract in found for column in left_out(extract, self.contract[name])})
                if absent:
                    self.notes.append(f"{name}: left out of the files, so unknown: {', '.join(absent)}.")
        return sound

    def _check_rows(self, extracts: dict[str, list[Extract]]) -> tuple[dict[str, DeliveredTable], list[BadRow]]:
        tables, rejects = {}, []
        limit = max(self.options.max_rejects, LISTED_ROWS)
        for name, found in self._track("checking rows", extracts):
            tables[name] = DeliveredTable(self.con, self.contract[name], found, self.options.date, self.loaded_at)
            rejects += tables[name].bad_rows(limit)
        total = sum(table.bad_count for table in tables.values())
        # A row without a valid business date has no partition, and a batch record no place to count it.
        unplaceable = any(row.check.column == PARTITION for row in rejects)
        # One bad row refuses the batch, unless somebody said how many may pass (DECISIONS 19).
        if total > self.options.max_rejects or unplaceable:
            for name, table in tables.items():
                found = [row for row in rejects if row.table.qualified_name == name]
                listed = sorted(found, key=lambda row: row.check.column != PARTITION)[:LISTED_ROWS]
                self.problems += [row.problem(place) for row, place in zip(listed, places(listed), strict=True)]
                if listed:
                    reasons = ", ".join(f"{count} {' '.join(reason)}" for reason, count in table.reasons().items())
                    what = f"{table.bad_count} bad rows in all: {reasons}; sensitive values are shown as shapes"
                    remedy = "mend them at the source"
                    if not unplaceable:
                        remedy += f", or let them be set aside: --max-rejects {total}"
                    self.problems.append(Problem(name, what, remedy))
        for name, table in tables.items():
            words = [f"{count} in {column}" for column, count in table.words_for_nothing().items()]
            if words:
                self.notes.append(f"{name}: words for nothing (NULL, N/A …), taken as empty: {', '.join(words)}.")
        return tables, rejects

    def _verify_counts(self, tables: dict[str, DeliveredTable], partitions: dict[str, list[Partition]]) -> None:
        """Hold a delivered control table against the files. The loader's own batch records are landed in its place."""
        control = tables.pop(CONTROL_TABLE, None)
        partitions.pop(CONTROL_TABLE, None)
        if control is None or self.problems:
            return
        counts = "select system_name || '.' || table_name, business_date, sum(row_count)"
        announced = {
            row[:2]: row[2] for row in self.con.execute(f"{counts} from {control.good} group by all").fetchall()
        }
        delivered = {
            (name, partition.dt): partition.rows + partition.rejected
            for name, found in partitions.items()
            for partition in found
        }
        unknown = sum(name not in self.contract for name, _ in announced)
        if unknown:
            what = f"{unknown} of its rows name a table that the contract does not have"
            remedy = f"name system and table as the contract does: {', '.join(self.contract)}"
            self.problems.append(Problem(control.extracts[0].name, what, remedy))
        for name, dt in sorted(announced.keys() | delivered.keys()):
            here, there = announced.get((name, dt), 0), delivered.get((name, dt), 0)
            if here != there and name in self.contract:
                what = f"{name} {PARTITION}={dt}: {here} rows announced, {there} delivered"
                remedy = "have the table delivered again, together with its control record"
                self.problems.append(Problem(control.extracts[0].name, what, remedy))
        self.notes.append(f"Control table: all {len(announced)} announced row counts agree with the files.")

    def _compare(self, tables: dict[str, DeliveredTable], partitions: dict[str, list[Partition]]) -> None:
        """Find out which partitions are landed already, and refuse to change one unasked."""
        for name, found in self._track("comparing with the landing zone", partitions):
            try:
                landed = tables[name].landed_hashes(self.root, found)
            except (duckdb.InvalidInputException, duckdb.IOException) as error:
                if not self._blame_landed_files(found):
                    raise error
                continue
            for partition in found:
                partition.landed_hash = landed.get(partition.dt)
            for partition in found:
                if partition.is_changed and not self.options.replace:
                    what = f"changed redelivery: {name} {PARTITION}={partition.dt} is landed with other content"
                    remedy = "deliver the correction under a later business date, or pass --replace"
                    self.problems.append(Problem(_names(tables[name].extracts), what, remedy))
        every = [partition for found in partitions.values() for partition in found]
        self._ask_about_dates({partition.dt for partition in every})
        self._stop_on_problems()
        unchanged = sum(not partition.is_new for partition in every)
        changed = [partition.dt for partition in every if partition.is_changed]
        if unchanged:
            self.notes.append(f"Landed before with the same content and left as they are: {unchanged} of {len(every)}.")
        if changed:
            self.notes.append(f"Replaced: {len(changed)}. Rebuild every business date from {min(changed)} on.")

    def _blame_landed_files(self, partitions: list[Partition]) -> bool:
        """A problem for each landed file of these business dates that cannot be read; whether there is one."""
        files = [path for partition in partitions for path in sorted((self.root / partition.folder).glob("*.parquet"))]
        unreadable = [path for path in files if isinstance(open_parquet(self.con, path, str(path)), Problem)]
        what = "landed before, and not readable as Parquet"
        remedy = "restore it, or remove its folder and load the batch again"
        self.problems += [Problem(str(path), what, remedy) for path in unreadable]
        return bool(unreadable)

    def _ask_about_dates(self, dates: set[datetime.date]) -> None:
        """A problem for business dates far from all that is landed, unless the bank says that they are right."""
        if datetime.date.fromisoformat(EMPTY_PARTITION) in dates:
            what = f"business date {EMPTY_PARTITION}: systems write it for no date, and so does the landing zone"
            self.problems.append(Problem(str(self.delivery), what, "deliver it under its true business date"))
        landed = stage.landed_dates(self.root, self.contract)
        if self.options.date_is_right or not landed:
            return
        gap = datetime.timedelta(days=USUAL_GAP_DAYS)
        far = sorted(date for date in dates if not min(landed) - gap <= date <= max(landed) + gap)
        if far:
            span = f"{far[0]}" if len(far) == 1 else f"{far[0]} and {len(far) - 1} more up to {far[-1]}"
            what = f"business date {span}: more than a year from all that is landed, {min(landed)} to {max(landed)}"
            remedy = "mend the date, or say that it is right: --date-is-right"
            self.problems.append(Problem(str(self.delivery), what, remedy))

    def _land(
        self, tables: dict[str, DeliveredTable], partitions: dict[str, list[Partition]], rejects: list[BadRow]
    ) -> Report:
        every = [partition for found in partitions.values() for partition in found]
        new = [partition for partition in every if partition.is_new]
        batch_id = _batch_id(new)
        if not new:
            return Report(batch_id, every, self.notes, [])
        folder = self.root / publish.STAGING / "landing"
        for name, found in self._track("staging", partitions):
            added = [partition for partition in found if partition.is_new]
            if added:
                stage.stage_rows(folder, tables[name], added)
        stage.stage_records(self.con, folder, self.contract[CONTROL_TABLE], batch_id, new, self.loaded_at)
        landed = {(partition.table.qualified_name, partition.dt) for partition in new}
        rejects = [row for row in rejects if (row.table.qualified_name, row.dt) in landed]
        stage.stage_rejects(self.con, folder, batch_id, rejects, self.loaded_at)
        stage.stage_empty_tables(folder, self.root, self.contract)
        if rejects:
            self.notes.append(f"Set aside with their reasons: {len(rejects)} rows in {self.root / stage.REJECTS}.")
            counted = Counter(f"{row.table.qualified_name}.{row.check.column} {row.check.reason}" for row in rejects)
            self.notes += [f"  {count} {reason}" for reason, count in counted.most_common()]
        stale = [path for partition in new for path in (self.root / partition.folder).glob("*.parquet")]
        removals = [path.relative_to(self.root).as_posix() for path in stale]
        publish.publish(self.root, stage.renames(folder, self.root, batch_id), removals)
        return Report(batch_id, every, self.notes, [])

    def _track(self, description: str, by_table: dict) -> list[tuple]:
        return self.progress.track(sorted(by_table.items()), description=description)

    def _is_problem(self, found: object) -> bool:
        if isinstance(found, Problem):
            self.problems.append(found)
        return isinstance(found, Problem)

    def _stop_on_problems(self) -> None:
        if self.problems:
            raise BatchError(self.problems)


def _batch_id(partitions: list[Partition]) -> str:
    """Key of a batch: what it lands, and in place of what."""
    content = sorted(f"{p.folder} {p.content_hash} {p.landed_hash}" for p in partitions)
    return hashlib.sha256("\n".join(content).encode()).hexdigest()[:16]


def _names(extracts: list[Extract]) -> str:
    return _some([extract.name for extract in extracts])


def _some(names: list[str]) -> str:
    listed = ", ".join(map(printable, names[:3]))
    return f"{listed} and {len(names) - 3} more" if len(names) > 3 else listed
