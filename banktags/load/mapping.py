"""Mapping of a foreign schema: one SQL file for each contract table, over views named after the delivered files.

``<system>__<table>.sql`` holds one DuckDB SELECT whose columns are the contract's; it may compute ``dt`` and
``loaded_at``. The view ``trans`` is the file ``trans.csv`` or ``trans.parquet``. Columns of a CSV file are text, so
that the mapping, not a guess, says what ``01.02.2026`` means; its delimiter is the one the header uses most.

A row on which an expression fails is a bad row like any other; ``provenance`` tells its file and line.

A mapping is written by whoever knows the delivery, so it computes and does nothing else: it reads the delivered files
and no other, in a DuckDB of its own that can't reach anything outside, for so many minutes.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import duckdb

from banktags import selects
from banktags.contract import Table
from banktags.load.dated import DatedExtract
from banktags.load.delivery import open_parquet, stem, table_of
from banktags.load.extract import Extract, file_literal, file_pattern, literal, quoted
from banktags.load.problems import BatchError, Place, Problem
from banktags.load.provenance import FAILED, ORIGIN, TRACED, Tracer

#: Errors that lie in the SELECT, not in the data: their messages quote the SELECT and names of columns.
ERRORS_OF_THE_SELECT = (duckdb.ParserException, duckdb.BinderException, duckdb.CatalogException)
#: Errors of a value: their messages quote it. Others, of disk and memory, are for ``failures``.
ERRORS_OF_DATA = (
    duckdb.ConversionException,
    duckdb.InvalidInputException,
    duckdb.OutOfRangeException,
    duckdb.InvalidTypeException,
    duckdb.TypeMismatchException,
    duckdb.NotImplementedException,
    duckdb.InternalException,
)
#: How long the SELECT of one table may take.
LIMIT = selects.Limit("BANK_TAGS_MAPPING_MINUTES", 10)
READABLE = "the views of the delivered files"
#: Column names like these are values: the file has no header.
VALUE_FOR_A_NAME = re.compile(r"\d{4}|@|^\W*\d")


@dataclass(frozen=True)
class Views:
    """The delivered files as the mapping sees them: one view each, beside a twin with places, see ``provenance``."""

    con: duckdb.DuckDBPyConnection
    files: tuple[Extract, ...]  # by the number that the twins give
    by_view: dict[str, Extract]  # name in lower case

    @property
    def tracer(self) -> Tracer:
        return Tracer(self.con, {name: set(extract.columns) for name, extract in self.by_view.items()})

    def places(self, file: int, rows: Iterable[int]) -> dict[int, Place]:
        """Where rows of a file stand; of dated files that are read together, each in its own."""
        extract = self.files[file]
        return {
            row: Place(extract.part(row).name if isinstance(extract, DatedExtract) else extract.name, line)
            for row, line in extract.places(rows).items()
        }


@dataclass(frozen=True, eq=False)
class MappedExtract(Extract):
    """What a mapping's SELECT gives. Where its rows come from is found out when one of them is bad."""

    views: Views | None = None
    select: str = ""
    failures: dict[str, str] = field(default_factory=dict)  # kind of error by column whose expression fails on rows

    def found(self, rows: Iterable[int]) -> dict[int, Place]:
        """File and line of result rows; of those that cannot be followed, the result row and the files read."""
        wanted = set(rows)
        origins = self._origins(wanted) if wanted else {}
        by_file = defaultdict(set)
        for file, row, _ in origins.values():
            by_file[file].add(row)
        places = {
            (file, row): place for file, rows in by_file.items() for row, place in self.views.places(file, rows).items()
        }
        read = [self.views.by_view[name].name for name in self.views.tracer.views_read(self.select)]
        of_files = f"its SELECT combines rows of {', '.join(read)}" if read else "its SELECT reads no file"
        found = {row: Place(self.name, f"result row {row + 1} ({of_files})") for row in wanted - origins.keys()}
        for result, (file, row, is_group) in origins.items():
            place = places[file, row]
            others = " and others that the SELECT groups with it" if is_group else ""
            found[result] = Place(place.file, place.line + others)
        return found

    def _origins(self, wanted: set[int]) -> dict[int, tuple[int, int, bool]]:
        """File number, row and whether it stands for a group, by result row."""
        con, listed = self.views.con, ", ".join(map(str, wanted))
        rows = _source(self, "file_row_number = true")
        if self.failures:
            traced = f"select file_row_number, {ORIGIN} as origin from {rows} where file_row_number in ({listed})"
        else:
            select = self.views.tracer.rewritten(self.select)
            if select is None:
                return {}
            # The rows of the SELECT run again, known by their content: of equal ones the first is the first again.
            content = f"hash({', '.join(quoted(column) for column in self.columns)})"
            traced = f"""
                with landed as (select file_row_number, {content} as content from {rows}),
                again as (select {ORIGIN} as origin, {content} as content from ({select}) as traced),
                wanted as (select distinct content from landed where file_row_number in ({listed})),
                numbered as (
                    select *, row_number() over (partition by content order by file_row_number) as n
                    from landed semi join wanted using (content)
                ),
                followed as (
                    select *, row_number() over (partition by content order by origin) as n
                    from again semi join wanted using (content)
                )
                select file_row_number, origin from numbered inner join followed using (content, n)
                where file_row_number in ({listed})"""
        found = con.execute(traced).fetchall()
        return {
            row: (origin["file"], origin["place"], origin["grouped"])
            for row, origin in found
            if origin and origin["file"] is not None
        }


def read_mapping(folder: Path, contract: dict[str, Table]) -> dict[Path, Table]:
    """SQL files of a mapping and the contract table each fills.

    Raises:
        BatchError: no SQL file there, or one named after no table.
    """
    files = sorted(folder.glob("*.sql"))
    if not files:
        raise BatchError(
            [Problem(str(folder), "no mapping in it", "write one SELECT per table in <system>__<table>.sql")]
        )
    tables = {path: table_of(path.name, contract) for path in files}
    problems = [
        Problem(table.file, table.what, "name it <system>__<table>.sql")
        for table in tables.values()
        if isinstance(table, Problem)
    ]
    for path in files:
        try:
            path.read_text(encoding="utf-8")
        except UnicodeDecodeError as error:
            line = 1 + error.object[: error.start].count(b"\n")
            remedy = f"save it as UTF-8: iconv -f GB18030 -t UTF-8 {path.name} > utf8 && mv utf8 {path.name}"
            problems.append(Problem(path.name, "not UTF-8", remedy, f"line {line}"))
    if problems:
        raise BatchError(problems)
    return tables


@contextmanager
def confined(work: Path, memory: str) -> Iterator[duckdb.DuckDBPyConnection]:
    """A DuckDB for the SELECTs of a mapping, apart from the loader's, which reaches the disk."""
    with duckdb.connect() as con:
        con.execute(f"set memory_limit = '{memory}'; set TimeZone = 'Asia/Shanghai'")
        con.execute(f"set temp_directory = {literal(work / 'spill_of_mapping')}")
        con.execute("set python_enable_replacements = false")
        yield con


def close_off(views: Views, work: Path) -> None:
    """Let the session of the views reach the delivered files and ``work``, and nothing else. There is no way back."""
    # Of a path that is read, DuckDB looks at the pattern; of one that is written, at the path itself.
    files = [form(extract.parquet) for extract in views.files for form in (str, file_pattern)]
    views.con.execute("set allowed_paths = ?", [files])
    views.con.execute("set allowed_directories = ?", [[str(work), file_pattern(work)]])
    views.con.execute("set enable_external_access = false")


def create_views(con: duckdb.DuckDBPyConnection, extracts: Iterable[Extract]) -> tuple[Views, list[Problem]]:
    """A view for each extract, named after its file, and its twin."""
    files = tuple(extracts)
    named = defaultdict(list)
    for extract in files:
        named[stem(extract.name)].append(extract)
    problems = []
    for name, same in named.items():
        if len(same) > 1:
            names = ", ".join(extract.name for extract in same)
            problems.append(Problem(same[1].name, f"{names} would give one view {name}", "give each file its own name"))
        con.execute(f"create view {quoted(name)} as select * from {_source(same[0])}")
        place = f"struct_pack(file := {files.index(same[0])}, place := file_row_number, grouped := false) as {ORIGIN}"
        source = _source(same[0], "file_row_number = true")
        con.execute(f"create view {quoted(name + TRACED)} as select * exclude (file_row_number), {place} from {source}")
    return Views(con, files, {name.lower(): same[0] for name, same in named.items()}), problems


def run_mapping(views: Views, path: Path, work: Path) -> Extract | Problem:
    """The rows that one SQL file selects, as an extract named after it."""
    try:
        minutes = LIMIT.minutes
    except selects.Refused as refused:
        return Problem(path.name, str(refused), "set it to how long the SELECT of one table may take")
    try:
        with selects.within(views.con, minutes):
            return _run(views, path, work)
    except selects.TookTooLong:
        what = f"its SELECT took longer than {minutes:g} minutes"
        cause = "a join without its condition? a recursion without its end?"
        remedy = f"mend it ({cause}), or set {LIMIT.setting} to more minutes"
        return Problem(path.name, what, remedy)
    except duckdb.OutOfMemoryException:
        what = "its SELECT takes more memory or disk than it may"
        return Problem(path.name, what, "mend it: a join without its condition, or a recursion without its end?")


def _run(views: Views, path: Path, work: Path) -> Extract | Problem:
    target = work / f"{path.name}.parquet"
    failures: dict[str, str] = {}
    select = ""
    try:
        statements = views.con.extract_statements(_without_end(path.read_text(encoding="utf-8-sig")))
        if len(statements) != 1 or statements[0].type != duckdb.StatementType.SELECT:
            return Problem(path.name, "not one SELECT", "write a single SELECT whose columns are the contract's")
        select = statements[0].query
        fault = _fault(views, select)
        if fault:
            return Problem(path.name, fault, f"read {READABLE} ({', '.join(views.by_view)}), and nothing else")
        _write(views.con, select, target)
    except ERRORS_OF_THE_SELECT as error:
        return Problem(
            path.name,
            f"DuckDB says: {_message(error, views, select)}",
            "mend the SELECT; views are named after the delivered files",
        )
    except duckdb.PermissionException:
        # A name that stands for a view in one place and for a file in another.
        return Problem(path.name, "it reads a file that was not delivered", f"read {READABLE}, and nothing else")
    except ERRORS_OF_DATA as error:
        failures = _run_row_by_row(views, select, target, _kind(error))
        if not failures:
            return _failed_somewhere(views, path.name, select, target, error)
    opened = open_parquet(views.con, target, path.name)
    if isinstance(opened, Problem):
        return opened
    columns = {name: kind for name, kind in opened.columns.items() if name not in (ORIGIN, FAILED)}
    return MappedExtract(path.name, target, columns, opened.rows, views=views, select=select, failures=failures)


def _fault(views: Views, select: str) -> str | None:
    """What a SELECT does beside reading the delivery and computing; None where it does nothing else."""
    try:
        tree = selects.parsed(select)
        if tree.shown:
            return f"it shows {tree.shown[0]}"
        own = views.con.execute("select lower(view_name) from duckdb_views() where internal").fetchall()
        of_duckdb = {name for (name,) in own}

        def may_be_named(relation: selects.Relation) -> bool:
            name = relation.name.lower()
            if name in views.by_view:
                return relation.schema.lower() in ("", "main")
            # A word that is no view: DuckDB says so, and what was meant. It takes none for a file.
            return not relation.schema and name.isidentifier() and name not in of_duckdb

        selects.check(tree, may_be_named, views.by_view, READABLE)
    except selects.Refused as refused:
        return str(refused)
    return None


def _without_end(text: str) -> str:
    """A text without the semicolon that ends it and the comments behind that."""
    encoded, end = text.encode(), None
    for offset, kind in duckdb.tokenize(text):
        if encoded[offset : offset + 1] == b";":
            end = offset if end is None else end
        elif kind != duckdb.token_type.comment:
            end = None
    return encoded[:end].decode()


def _run_row_by_row(views: Views, select: str, target: Path, kind: str) -> dict[str, str]:
    """Write the rows, those on which an expression fails among them; the kind of error by column that fails.

    ``kind`` is that of the whole SELECT. No column: it cannot be done row by row.
    """
    tracer, con = views.tracer, views.con
    tried = tracer.rewritten(select, trying=True)
    if tried is None:
        return {}
    # The optimizer moves an expression that occurs twice out of TRY, where its error is no longer caught.
    con.execute("set disabled_optimizers = 'common_subexpressions'")
    try:
        _write(con, tried, target)
        names = con.execute(
            f"""
            select distinct name
            from (select unnest(json_keys({FAILED})) as name, {FAILED} as failed from read_parquet({literal(target)}))
            where json_extract_string(failed, '$."' || name || '"') is not null
            """
        ).fetchall()
        alone = target.with_suffix(".failed")
        return {name: _kind_of_failure(views, select, name, alone) or kind for (name,) in sorted(names)}
    except (*ERRORS_OF_DATA, *ERRORS_OF_THE_SELECT):
        # An expression that may not stand in TRY, or fails outside of it.
        return {}
    finally:
        con.execute("reset disabled_optimizers")


def _kind_of_failure(views: Views, select: str, column: str, target: Path) -> str | None:
    """Kind of the error when only this column's expression may fail; None when what fails has another name."""
    try:
        _write(views.con, views.tracer.rewritten(select, trying=True, untried=frozenset([column])), target)
    except ERRORS_OF_DATA as error:
        return _kind(error)
    return None


def _failed_somewhere(views: Views, name: str, select: str, target: Path, error: duckdb.Error) -> Problem:
    """The refusal for an error that concerns more than a row: in WHERE, a join, a window, DISTINCT or a constant."""
    remedy = (
        "mend the value at the source, or let the SELECT make it null (try_cast, try_strptime); "
        "only an expression that fills a column can set its row aside"
    )
    for view in views.tracer.views_read(select):
        row = _first_failing_row(views, view, select, target)
        if row is not None:
            place = views.places(views.files.index(views.by_view[view]), [row])[row]
            return Problem(place.file, f"{_kind(error)} in {name}, first at this row", remedy, place.line)
    return Problem(name, f"DuckDB says: {_kind(error)} (values are not shown)", remedy)


def _first_failing_row(views: Views, view: str, select: str, target: Path) -> int | None:
    """The first row of a file with which the SELECT fails, by halving; None if it fails without any row of it."""
    extract = views.by_view[view]

    def fails(rows: int) -> bool:
        source = _source(extract, "file_row_number = true")
        limited = f"select * exclude (file_row_number) from {source} where file_row_number < {rows}"
        views.con.execute(f"create or replace view {quoted(view)} as {limited}")
        try:
            _write(views.con, select, target)
        except ERRORS_OF_DATA:
            return True
        return False

    try:
        sound, failing = 0, extract.rows
        if fails(sound) or not fails(failing):
            return None
        while failing - sound > 1:
            middle = (sound + failing) // 2
            sound, failing = (sound, middle) if fails(middle) else (middle, failing)
        return failing - 1
    finally:
        views.con.execute(f"create or replace view {quoted(view)} as select * from {_source(extract)}")


def _source(extract: Extract, options: str = "") -> str:
    return f"read_parquet({file_literal(extract.parquet)}, hive_partitioning = false{options and f', {options}'})"


def _write(con: duckdb.DuckDBPyConnection, select: str, target: Path) -> None:
    con.execute(f"copy (\n{select}\n) to {literal(target)} (format parquet)")


def _kind(error: duckdb.Error) -> str:
    """Kind of an error, without its message: a message about data holds a customer's values."""
    kind = re.match(r"([A-Z][A-Za-z ]*? Error)\b", str(error))
    return kind[1] if kind else type(error).__name__


def _message(error: duckdb.Error, views: Views, select: str) -> str:
    """Message of an error of the SELECT, without names of columns that the SELECT does not write.

    DuckDB lists what columns there are; where a file has no header, they are the values of its first row.
    """
    names = {column for extract in views.files for column in extract.columns}
    said = re.split("Candidate bindings|Did you mean", str(error))[0]
    line = re.search(r"\nLINE \d+:.*", str(error), re.DOTALL)
    unwritten = [name for name in names if name.lower() not in select.lower()]
    if any(VALUE_FOR_A_NAME.search(name) for name in names) or any(f'"{name}"' in said for name in unwritten):
        return f"{_kind(error)} (not shown: a file seems to have values where its header should be)"
    return said + (line[0] if line and line[0] not in said else "")
