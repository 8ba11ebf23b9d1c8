"""``banktags new currency``: the rows that the policy seeds need for another base currency, for a person to review.

Amounts are copied from the rows of a currency that has them, at a rate if one is given. What is written fails the build
(test ``assert_policies_in_force``) until somebody has put in the bank's own figures and their source.
"""

import csv
import difflib
import io
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Annotated

import typer

from banktags.contract import PROJECT_ROOT
from banktags.load.currency import SETTING
from banktags.seeds.rows import seed_file
from banktags.terminal import say

CURRENCIES = Path("seeds/dictionaries/currencies.csv")
#: How the source of a row begins that nobody has reviewed; tests/dbt/assert_policies_in_force.sql looks for it.
UNREVIEWED = "REVIEW"


@dataclass(frozen=True)
class AmountSeed:
    """A policy seed with rows by currency: the columns that name a row, and those that hold amounts."""

    key: tuple[str, ...]
    amounts: tuple[str, ...]

    def is_amount(self, row: Mapping[str, str]) -> bool:
        """Whether the amounts of a row are money: recency and frequency of seed rfm_bands are days and counts."""
        return row.get("axis") not in ("recency", "frequency")


SEEDS = {
    "arrears_tolerances": AmountSeed(("item",), ("unpaid_to",)),
    "campaign_parameters": AmountSeed(("parameter", "item"), ("value",)),
    "profit_rates": AmountSeed(("driver", "item"), ("rate",)),
    "pyramid_tiers": AmountSeed(("tier",), ("aum_from", "aum_to")),
    "rfm_bands": AmountSeed(("axis", "measure", "score"), ("value_from", "value_to")),
    "rfm_parameters": AmountSeed((), ()),
    "rule_thresholds": AmountSeed(("rule", "parameter"), ("value",)),
    "tier_policy": AmountSeed(("rule", "parameter"), ("value",)),
}


def new_currency(
    currency: Annotated[str, typer.Argument(help="ISO 4217 code, e.g. GBP.")],
    rate: Annotated[
        str | None,
        typer.Option(help="What one unit costs in the currency copied from, e.g. 9.1: amounts are divided by it."),
    ] = None,
    like: Annotated[str, typer.Option(help="Currency whose rows are copied.")] = "CNY",
) -> None:
    """Write the rows of the policy seeds for another base currency; they fail the build until they are reviewed."""
    written = write_currency(PROJECT_ROOT, currency.strip().upper(), like.strip().upper(), _rate(rate))
    for path, rows in written.items():
        say(f"{path}: {rows} rows written")
    code = currency.strip().upper()
    say(
        f"Next: in these rows, put in the bank's own figures, and in the column source where they come from instead of "
        f"{UNREVIEWED}; the build fails until then. Build with {SETTING}={code} (make build BASE_CURRENCY={code})."
    )


def write_currency(root: Path, currency: str, like: str, rate: Decimal | None) -> dict[Path, int]:
    """Append to the policy seeds under ``root`` what ``currency`` lacks of the rows of ``like``; rows written by file.

    All files are written, or none is.

    Raises:
        typer.BadParameter: no such currency, nothing is missing, nothing to copy, or a seed can't be read.
    """
    _check_currency(root, currency)
    texts: dict[Path, bytes] = {}
    counts: dict[Path, int] = {}
    for name, seed in SEEDS.items():
        path = seed_file(name, root).relative_to(root)
        text = _read(root / path)
        rows = list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"))))
        missing = _missing_rows(path, rows, seed, currency, like, rate)
        if missing:
            texts[path], counts[path] = _with_rows(text, missing), len(missing)
    if not texts:
        raise typer.BadParameter(
            f"{currency} has its rows in all of the seeds ({', '.join(SEEDS)}): edit them there", param_hint="currency"
        )
    _replace_all(root, texts)
    return counts


def _rate(text: str | None) -> Decimal | None:
    if text is None:
        return None
    try:
        rate = Decimal(text)
    except InvalidOperation:
        rate = Decimal("NaN")
    if not rate.is_finite() or rate <= 0:
        raise typer.BadParameter("is what one unit costs, a number above 0, e.g. 9.1", param_hint="--rate")
    return rate


def _check_currency(root: Path, currency: str) -> None:
    names = {
        row["currency_code"]: row["name_en"]
        for row in csv.DictReader(io.StringIO(_read(root / CURRENCIES).removeprefix("\ufeff")))
    }
    if currency not in names:
        by_name = [code for code, name in names.items() if currency.lower() in name.lower()]
        near = ", ".join(by_name[:5] or difflib.get_close_matches(currency, names)) or "none like it"
        raise typer.BadParameter(
            f"{currency!r} is no currency code of ISO 4217 ({CURRENCIES}); nearest: {near}", param_hint="currency"
        )


def _missing_rows(
    path: Path, rows: list[dict[str, str]], seed: AmountSeed, currency: str, like: str, rate: Decimal | None
) -> list[dict[str, str]]:
    """The rows of ``like`` that hold today and that ``currency`` lacks, in the figures of ``currency``."""
    copied = [row for row in rows if row["currency"] == like]
    if not copied:
        raise typer.BadParameter(f"{path} has no rows of {like} to copy", param_hint="--like")
    present = {tuple(row[column] for column in seed.key) for row in rows if row["currency"] == currency}
    earliest = min(row.get("valid_from", "") for row in copied)
    at_rate = f" at {rate} {like} for one {currency}" if rate else ""
    missing = []
    for row in copied:
        if row.get("valid_to") or tuple(row[column] for column in seed.key) in present:
            continue
        figures = {
            column: _converted(row[column], rate)
            for column in seed.amounts
            if rate and seed.is_amount(row) and row[column]
        }
        source = f"{UNREVIEWED}: the {like} row{at_rate}"
        dates = {"valid_from": earliest} if "valid_from" in row else {}
        missing.append({**row, **figures, **dates, "currency": currency, "source": source})
    return missing


def _converted(amount: str, rate: Decimal) -> str:
    """An amount in the other currency, to two digits that count: bounds that meet still meet."""
    value = Decimal(amount) / rate
    if not value:
        return "0"
    return f"{value.quantize(Decimal(1).scaleb(value.adjusted() - 1)):f}"


def _with_rows(text: str, rows: list[dict[str, str]]) -> bytes:
    ending = "\r\n" if "\r\n" in text else "\n"
    added = io.StringIO()
    csv.DictWriter(added, fieldnames=list(rows[0]), lineterminator=ending).writerows(rows)
    return (text + ("" if text.endswith("\n") else ending) + added.getvalue()).encode("utf-8")


def _read(path: Path) -> str:
    """A seed as it stands, line ends and all."""
    try:
        return path.read_bytes().decode("utf-8")
    except FileNotFoundError:
        raise typer.BadParameter(f"{path} is missing: run this in the project") from None
    except UnicodeDecodeError as error:
        line = path.read_bytes()[: error.start].count(b"\n") + 1
        raise typer.BadParameter(f"{path}, line {line}, is not UTF-8: save it as CSV UTF-8") from None


def _replace_all(root: Path, texts: Mapping[Path, bytes]) -> None:
    """Put every file in place of the former one; if one cannot be, the former ones come back."""
    former = {path: (root / path).read_bytes() for path in texts}
    try:
        for path, text in texts.items():
            _replace(root / path, text)
    except BaseException:
        for path, text in former.items():
            if (root / path).read_bytes() != text:
                _replace(root / path, text)
        raise


def _replace(path: Path, text: bytes) -> None:
    beside = path.with_name(path.name + ".new")
    try:
        beside.write_bytes(text)
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)
