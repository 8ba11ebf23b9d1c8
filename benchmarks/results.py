"""What the benchmark measured, as it is printed and as the pages of docs/ show it."""

import re
from dataclasses import dataclass
from pathlib import Path


def write_between(page: Path, marker: str, written: str) -> bool:
    """Put what was measured between this marker and the end that follows; false where the page has no such marker."""
    text = page.read_text(encoding="utf-8")
    marked = re.compile(rf"({re.escape(marker)}\n).*?(<!-- end -->)", re.DOTALL)
    text, found = marked.subn(lambda match: match[1] + written + "\n" + match[2], text)
    if found:
        page.write_text(text, encoding="utf-8")
    return bool(found)


@dataclass(frozen=True)
class Result:
    """One measured process: what it made of how many source rows, how fast, and what it is to be compared with."""

    what: str
    what_zh: str
    seconds: float
    peak_gib: float
    rows: int
    #: Name of what the time is a ratio to, with its time; none where this is the standard itself.
    standard: tuple[str, str, float] | None = None
    #: False where a peer did not come to its end, as when the machine has too little memory for it.
    finished: bool = True

    def cells(self, chinese: bool = False) -> tuple[str, ...]:
        """What, time, ratio, peak memory, rows per second."""
        what = self.what_zh if chinese else self.what
        memory = f"{self.peak_gib:.2f} GiB"
        if not self.finished:
            return what, "未能完成" if chinese else "did not finish", "", memory, ""
        ratio = "1"
        if self.standard:
            english, mandarin, seconds = self.standard
            ratio = f"{self.seconds / seconds:.2f} × {mandarin if chinese else english}"
        time = f"{self.seconds:,.0f} {'秒' if chinese else 's'}"
        return what, time, ratio, memory, f"{self.rows / self.seconds:,.0f}"


@dataclass(frozen=True)
class Report:
    """All results of one run over one bank."""

    customers: int
    days: int
    source_rows: int
    machine: str
    startup_seconds: float
    results: tuple[Result, ...]

    def markdown(self, chinese: bool = False) -> str:
        if chinese:
            head = (
                f"{self.customers:,} 客户、{self.days} 天数据、{self.source_rows:,} 行源数据；{self.machine}；"
                f"每次 dbt 运行中启动与解析占 {self.startup_seconds:.0f} 秒："
            )
            columns = ("内容", "时间", "比值", "内存峰值", "每秒源数据行数")
        else:
            head = (
                f"{self.customers:,} customers, {self.days} days, {self.source_rows:,} source rows; {self.machine}; "
                f"of each dbt run {self.startup_seconds:.0f} s are start-up and parsing:"
            )
            columns = ("What", "Time", "Ratio", "Peak memory", "Source rows a second")
        rows = [columns, ("---",) * 5, *(result.cells(chinese) for result in self.results)]
        return head + "\n\n" + "\n".join("| " + " | ".join(row) + " |" for row in rows)

    def write_into(self, page: Path, chinese: bool = False) -> bool:
        """Put the table between the markers that the page has for a bank of this size; false where it has none."""
        return write_between(page, f"<!-- make bench, {self.customers} customers -->", self.markdown(chinese))
