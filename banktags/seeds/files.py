"""A seed as a file: its rows with the lines that they stand in, or why it is no table that dbt could read."""

import codecs
import csv
import io
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cached_property
from pathlib import Path

UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
#: What a spreadsheet in Chinese saves as plain "CSV"; GBK is a part of it.
SPREADSHEET_ENCODING = "gb18030"
#: What stands between columns in files that are not separated by commas.
OTHER_DELIMITERS = {";": "semicolons", "\t": "tabs", "|": "vertical bars", "，": "full-width commas"}
#: A long value is shown by its beginning.
SHOWN_CHARACTERS = 60


@dataclass(frozen=True, order=True)
class Fault:
    """What is wrong with a seed, and the remedy; ``line`` 0: with the file. Those of one ``kind`` are told together."""

    file: str
    line: int
    says: str
    remedy: str
    row: str = ""
    kind: str = ""

    def __str__(self) -> str:
        place = f"{self.file}, line {self.line}" if self.line else self.file
        return (
            f"{place}, {self.row}: {self.says}. {self.remedy}" if self.row else f"{place}: {self.says}. {self.remedy}"
        )


class Unreadable(Exception):
    """A seed is no table; ``faults`` say why."""

    def __init__(self, *faults: Fault) -> None:
        super().__init__(*map(str, faults))
        self.faults = faults


@dataclass(frozen=True)
class SeedRow:
    """A row of a seed: the line that it begins in, and its values by column; an empty value is ``""``."""

    line: int
    values: Mapping[str, str]

    def __getitem__(self, column: str) -> str:
        return self.values[column]


@dataclass(frozen=True)
class SeedFile:
    """A seed that could be read; ``file`` is its path below the project."""

    name: str
    file: str
    columns: tuple[str, ...]
    rows: tuple[SeedRow, ...]

    @cached_property
    def values(self) -> dict[str, set[str]]:
        """The values of each column."""
        return {column: {row[column] for row in self.rows} for column in self.columns}


def encoding_fault(path: Path, file: str) -> Fault | None:
    """Why a file is not UTF-8, which dbt takes for granted: the line, what it seems to be in, how to mend it."""
    content = path.read_bytes()
    if content.startswith(UTF_16) or b"\0" in content:
        return Fault(file, 0, "saved as UTF-16, not UTF-8", _conversion("UTF-16", file))
    try:
        content.decode("utf-8")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        try:
            content.decode(SPREADSHEET_ENCODING)
        except UnicodeDecodeError:
            return Fault(file, line, "not UTF-8", "Save it anew as CSV UTF-8")
        return Fault(file, line, "saved as GBK, not UTF-8", _conversion("GB18030", file))
    return None


def read_seed(path: Path, file: str, expected: Collection[str], texts_may_have_lines: bool = False) -> SeedFile:
    """The rows of a seed that has the columns ``expected``, in any order.

    Raises:
        Unreadable: it is not there, not UTF-8, not separated by commas, has other columns, or rows of other lengths.
    """
    if not path.exists():
        raise Unreadable(Fault(file, 0, "the file is missing", f"Take it back: git checkout -- '{file}'"))
    if fault := encoding_fault(path, file):
        raise Unreadable(fault)
    text = path.read_text(encoding="utf-8-sig")
    if not text.strip():
        raise Unreadable(Fault(file, 0, "the file is empty", f"Its first line is: {','.join(expected)}"))
    lines = _records(text, file)
    _, header = lines[0]
    _check_header(header, file, list(expected))
    rows, faults = [], []
    for line, cells in lines[1:]:
        if not any(cell.strip() for cell in cells):
            faults.append(Fault(file, line, "the line is empty", "Delete it", kind="empty line"))
        elif len(cells) != len(header):
            faults.append(
                Fault(
                    file,
                    line,
                    f"{len(cells)} values for {len(header)} columns, beginning {shown(cells[0])}",
                    'Write one value for each column; a text with a comma stands in quotes ("a, b")',
                )
            )
        elif not texts_may_have_lines and (broken := [cell for cell in cells if "\n" in cell or "\r" in cell]):
            faults.append(
                Fault(
                    file,
                    line,
                    f"the text {shown(broken[0])} goes on in the next line",
                    'Close its quote (") in this line, or delete the line break in it',
                )
            )
        else:
            rows.append(SeedRow(line, dict(zip(header, cells, strict=True))))
    if faults:
        raise Unreadable(*faults)
    return SeedFile(path.stem, file, tuple(header), tuple(rows))


def shown(value: str) -> str:
    """A value as a message shows it: in quotes where it is no plain word or number, shortened, in one line."""
    short = value if len(value) <= SHOWN_CHARACTERS else value[: SHOWN_CHARACTERS - 1] + "…"
    return short if re.fullmatch(r"[\w./%-]+", short, re.ASCII) else repr(short)


def near(name: str, known: Collection[str]) -> str:
    """`` (did you mean …?)`` with the known name that is most like it, or nothing when none is."""
    alike = get_close_matches(name.strip().lower(), list(known), n=1, cutoff=0.6)
    return f" (did you mean {alike[0]}?)" if alike else ""


def _records(text: str, file: str) -> list[tuple[int, list[str]]]:
    """The cells of each record, with the line that it begins in."""
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    records: list[tuple[int, list[str]]] = []
    line = 1
    try:
        for cells in reader:
            records.append((line, cells))
            line = reader.line_num + 1
    except csv.Error as error:
        raise Unreadable(
            Fault(
                file,
                line,
                f"the quotes of the row that begins here do not fit ({error})",
                'A text in quotes ends with one (") before a comma or the end of the line; one in it is doubled ("")',
            )
        ) from None
    return records


def _check_header(header: list[str], file: str, expected: list[str]) -> None:
    """Raises Unreadable unless the header has the expected columns, each once."""
    if len(header) == 1 and len(expected) > 1:
        for delimiter, name in OTHER_DELIMITERS.items():
            if delimiter in header[0]:
                raise Unreadable(
                    Fault(
                        file,
                        1,
                        f"the columns are separated by {name}, not by commas",
                        f"Save it anew as CSV UTF-8 with commas; its first line is: {','.join(expected)}",
                    )
                )
    if set(header).isdisjoint(expected):
        raise Unreadable(
            Fault(
                file,
                1,
                f"the first line is no header: {shown(','.join(header))}",
                f"Its first line is: {','.join(expected)}",
            )
        )
    missing = [column for column in expected if column not in header]
    faults = []
    for column in dict.fromkeys(header):
        if header.count(column) > 1:
            faults.append(Fault(file, 1, f"the column {shown(column)} stands twice", "Delete one of the two"))
        if column not in expected:
            remedy = f"Rename it, or delete it; the columns are {', '.join(expected)}"
            faults.append(Fault(file, 1, f"there is no column {shown(column)}{near(column, missing)}", remedy))
    renamed = len({column for column in header if column not in expected})
    if len(missing) > renamed or not faults:
        faults += [
            Fault(file, 1, f"the column {column} is missing", f"Its first line is: {','.join(expected)}")
            for column in missing
        ]
    if faults:
        raise Unreadable(*faults)


def _conversion(encoding: str, file: str) -> str:
    return f"Save it as CSV UTF-8, or: iconv -f {encoding} -t UTF-8 '{file}' > utf-8.csv && mv utf-8.csv '{file}'"
