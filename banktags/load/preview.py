"""What a load would do, without landing anything: ``banktags load --check``.

For each delivered table: rows, business dates, what would be refused and why, codes that nobody knows, references that
lead nowhere; and which tables of the contract are not delivered. Values are shown as in the loader's messages.
"""

import io
from dataclasses import asdict, dataclass, field
from pathlib import Path

import duckdb
from rich import box
from rich.table import Table as RichTable

from banktags.contract import PARTITION, Column, Table
from banktags.landing import EMPTY_PARTITION
from banktags.load import damage
from banktags.load.currency import currency_warnings
from banktags.load.extract import file_literal, quoted
from banktags.load.rows import DeliveredTable, Partition
from banktags.terminal import Screen, json_text

CONTROL_TABLE = "core.batches"
#: Width of the printed tables where the output is no terminal.
WIDTH = 140


@dataclass(frozen=True)
class Finding:
    """Something about a table or column: ``rows`` of ``of`` rows or values, and what it is about them."""

    what: str
    column: str | None
    rows: int
    of: int
    seen: str = ""


@dataclass(frozen=True)
class TablePreview:
    """One delivered table. ``since`` and ``until``: first and last day that its rows tell of."""

    name: str
    rows: int
    refused: int
    business_dates: int
    new_business_dates: int
    since: str | None
    until: str | None
    findings: list[Finding]


@dataclass(frozen=True)
class Preview:
    """What a load would do. ``not_delivered`` names each table of the contract, with the dates landed of it before."""

    problems: list[str] = field(default_factory=list)
    tables: list[TablePreview] = field(default_factory=list)
    not_delivered: dict[str, str | None] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def would_land(self) -> bool:
        return not self.problems


def preview(
    con: duckdb.DuckDBPyConnection,
    root: Path,
    contract: dict[str, Table],
    tables: dict[str, DeliveredTable],
    partitions: dict[str, list[Partition]],
    problems: list[str],
    notes: list[str],
) -> Preview:
    """Everything that can be told of the tables whose rows could be judged."""
    strange = {name: list(damage.strange_codes(tables[name])) for name in partitions}
    others = {name: table for name, table in contract.items() if name not in (*tables, CONTROL_TABLE)}
    return Preview(
        problems,
        [
            _table_preview(con, root, contract, tables, tables[name], found, strange[name])
            for name, found in sorted(partitions.items())
        ],
        {name: _landed_span(root, table) for name, table in others.items()},
        [
            *damage.warnings(con, root, [codes for found in strange.values() for codes in found], partitions),
            *currency_warnings(root, tables),
        ],
        notes,
    )


def _table_preview(
    con: duckdb.DuckDBPyConnection,
    root: Path,
    contract: dict[str, Table],
    tables: dict[str, DeliveredTable],
    delivered: DeliveredTable,
    partitions: list[Partition],
    strange: list[damage.StrangeCodes],
) -> TablePreview:
    table = delivered.table
    total = sum(partition.rows for partition in partitions)
    day = table.business_date or PARTITION
    since, until = con.execute(f"select min({day}), max({day}) from {delivered.good}").fetchone()
    findings = [
        Finding(f"refused: {reason}", column, count, total + delivered.bad_count)
        for (column, reason), count in delivered.reasons().items()
    ]
    for codes in strange:
        findings.append(Finding("unknown codes", codes.column.name, codes.damaged, codes.judged, codes.codes))
    for column in table.columns:
        target = column.references and contract.get(".".join(column.references[:2]))
        if target:
            findings += _lost_references(con, root, delivered, column, target, tables.get(target.qualified_name))
    return TablePreview(
        table.qualified_name,
        total,
        delivered.bad_count,
        len(partitions),
        sum(partition.is_new for partition in partitions),
        since and str(since),
        until and str(until),
        findings,
    )


def _lost_references(
    con: duckdb.DuckDBPyConnection,
    root: Path,
    delivered: DeliveredTable,
    column: Column,
    target: Table,
    target_delivered: DeliveredTable | None,
) -> list[Finding]:
    """Rows whose reference finds no key, neither in this delivery nor among what is landed."""
    key = column.references[2]
    sources = [f"select {quoted(key)} as key from {target_delivered.good}"] if target_delivered else []
    landed = _landed_files(root, target)
    if landed:
        files = ", ".join(map(file_literal, landed))
        sources.append(f"select {quoted(key)} as key from read_parquet([{files}], hive_partitioning = true)")
    known = " union ".join(sources) or "select null as key where false"
    rows, lost = con.execute(
        f"""
        select count(*), count(*) filter (where key is null)
        from (select {quoted(column.name)} as reference from {delivered.good} where {quoted(column.name)} is not null)
        left join (select distinct key from ({known}) as keys where key is not null) on reference = key
        """
    ).fetchone()
    what = "leads nowhere" if sources else "leads nowhere, for the table is not delivered"
    return [Finding(what, column.name, lost, rows, f"{target.qualified_name}.{key}")] if lost else []


def _landed_files(root: Path, table: Table) -> list[Path]:
    found = sorted((root / table.system / table.name).glob(f"{PARTITION}=*/*.parquet"))
    return [path for path in found if path.parent.name != f"{PARTITION}={EMPTY_PARTITION}"]


def _landed_span(root: Path, table: Table) -> str | None:
    """First and last business date landed of a table, None of one that never was."""
    dates = sorted({path.parent.name.removeprefix(f"{PARTITION}=") for path in _landed_files(root, table)})
    return f"{dates[0]} to {dates[-1]}" if dates else None


def as_text(found: Preview, as_json: bool) -> str:
    """The preview for a reader, or as JSON."""
    if as_json:
        return json_text({"would_land": found.would_land, **asdict(found)}, indent=2, default=str)
    console = Screen(file=io.StringIO(), width=WIDTH)
    for table in found.tables:
        _print_table(console, table)
    lines = [console.file.getvalue().rstrip()] if found.tables else []
    never = [name for name, landed in found.not_delivered.items() if landed is None]
    before = [f"{name} ({landed})" for name, landed in found.not_delivered.items() if landed]
    if never:
        lines.append(f"Never delivered, so what tags read of them is unknown (null): {', '.join(never)}.")
    if before:
        lines.append(f"Not in this delivery, landed before: {', '.join(before)}.")
    lines += found.notes
    lines += [f"WARNING {warning}" for warning in found.warnings]
    if found.would_land:
        lines.append("It would be landed. This was a check: nothing is landed.")
    else:
        lines += ["It would be refused:", *(f"- {problem}" for problem in found.problems)]
    return "\n".join(line for line in lines if line)


def _print_table(console: Screen, table: TablePreview) -> None:
    days = f"{table.since} to {table.until}" if table.since else "no sound row"
    dates = f"{table.business_dates} business dates, {table.new_business_dates} to land"
    rows = f"{table.rows + table.refused:,} rows, {table.refused:,} refused"
    console.print(f"{table.name}: {rows}; tells of {days}; {dates}", soft_wrap=True)
    if not table.findings:
        return
    shown = RichTable(box=box.SIMPLE)
    shown.add_column("column", no_wrap=True)
    shown.add_column("finding")
    for heading in ("rows", "share"):
        shown.add_column(heading, justify="right", no_wrap=True)
    shown.add_column("seen", overflow="fold")
    for finding in table.findings:
        share = f"{finding.rows / finding.of:.1%}" if finding.of else ""
        shown.add_row(finding.column or "", finding.what, f"{finding.rows:,}", share, finding.seen)
    console.print(shown)
