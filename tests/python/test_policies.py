"""Policy by currency and validity: which seeds the test of what is in force covers, and the rows of a new currency."""

import ast
import csv
import re
import shutil
from decimal import Decimal
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from banktags.cli import app
from banktags.contract import PROJECT_ROOT
from banktags.new_currency import CURRENCIES, SEEDS, UNREVIEWED, write_currency
from banktags.seeds.bounds import SEED as BOUNDS
from banktags.seeds.rows import seed_file

#: Seeds with rows by currency or validity of which nothing need be in force, each with why.
OPTIONAL = {
    "class_approvals": "an approval is there, or the tag is refused",
    "governance_exceptions": "exceptions come and go",
    "rfm_cut_points": "frozen by banktags freeze-rfm where a bank wants it; else computed",
    "strategy_map": "the words of a document, shown with their dates",
    "tier_overrides": "somebody's tier by hand, or nobody's",
}


def header(path: Path) -> list[str]:
    with path.open(encoding="utf-8") as file:
        return next(csv.reader(file))


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def listed() -> dict[str, dict]:
    """The entries of macro policy_seeds by seed."""
    macro = (PROJECT_ROOT / "macros" / "policy" / "policy_seeds.sql").read_text(encoding="utf-8")
    entries = re.findall(r"\{'name': .*\}", macro)
    parsed = [ast.literal_eval(re.sub(r"\b(true|false)\b", lambda m: m[0].capitalize(), entry)) for entry in entries]
    return {entry["name"]: entry for entry in parsed}


def test_every_seed_by_currency_or_validity_is_tested(listed):
    dated = {
        path.stem: set(header(path))
        for folder in ("policy", "governance", "dictionaries")
        for path in (PROJECT_ROOT / "seeds" / folder).rglob("*.csv")
        if {"currency", "valid_from", "valid_to"} & set(header(path))
    }
    assert dated.keys() == listed.keys() | OPTIONAL.keys()
    for name, entry in listed.items():
        assert entry["by_currency"] == ("currency" in dated[name]), name
        assert entry["by_date"] == ("valid_from" in dated[name]), name
        assert {"source", *entry["key"], *entry.get("group", ())} <= dated[name], name
        assert set(entry.get("group", ())) <= set(entry["key"]), name


def test_the_command_knows_every_seed_by_currency(listed):
    by_currency = {name: tuple(entry["key"]) for name, entry in listed.items() if entry["by_currency"]}
    assert by_currency == {name: seed.key for name, seed in SEEDS.items()}


def test_an_amount_of_a_policy_names_its_currency():
    """Or the amount of one currency holds in all. Bounds are those of any currency."""
    for path in (PROJECT_ROOT / "seeds" / "policy").rglob("*.csv"):
        for row in rows_of(path) if path.stem != BOUNDS else ():
            if row.get("unit") == "base currency":
                assert row.get("currency"), f"{path.name}: {row}"


def test_every_currency_that_the_seeds_know_has_all_rows():
    names = {name: [row for row in rows_of(seed_file(name))] for name in SEEDS}
    currencies = {row["currency"] for rows in names.values() for row in rows if row["currency"]}
    assert currencies >= {"CNY", "CZK", "USD"}
    for name, seed in SEEDS.items():
        keys = {
            currency: {tuple(row[column] for column in seed.key) for row in names[name] if row["currency"] == currency}
            for currency in currencies
        }
        assert all(found == keys["CNY"] for found in keys.values()), name


@pytest.fixture
def project(tmp_path) -> Path:
    """Seeds of one's own."""
    shutil.copytree(PROJECT_ROOT / "seeds" / "policy", tmp_path / "seeds" / "policy")
    (tmp_path / CURRENCIES).parent.mkdir()
    shutil.copy(PROJECT_ROOT / CURRENCIES, tmp_path / CURRENCIES)
    return tmp_path


def contents(root: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in root.rglob("*") if path.is_file()}


def test_a_new_currency_gets_every_row_of_the_old_one(project):
    before = {name: rows_of(seed_file(name, project)) for name in SEEDS}
    written = write_currency(project, "GBP", "CNY", Decimal("9.1"))
    for name, seed in SEEDS.items():
        path = seed_file(name, project).relative_to(project)
        after = rows_of(project / path)
        assert after[: len(before[name])] == before[name], "what was there stays"
        added, copied = after[len(before[name]) :], [row for row in before[name] if row["currency"] == "CNY"]
        assert len(added) == len(copied) == written[path]
        for new, old in zip(added, copied, strict=True):
            assert new["currency"] == "GBP"
            assert new["source"] == f"{UNREVIEWED}: the CNY row at 9.1 CNY for one GBP"
            amounts = {column for column in seed.amounts if seed.is_amount(old) and old[column]}
            same = old.keys() - amounts - {"currency", "source"}
            assert {column: new[column] for column in same} == {column: old[column] for column in same}
            for column in amounts:
                assert Decimal(new[column]) == pytest.approx(Decimal(old[column]) / Decimal("9.1"), rel=Decimal("0.05"))
    tiers = [row for row in rows_of(seed_file("pyramid_tiers", project)) if row["currency"] == "GBP"]
    assert [row["aum_from"] for row in tiers] == ["880000", "110000", "22000", "5500", ""]
    assert [row["aum_to"] for row in tiers[1:]] == [row["aum_from"] for row in tiers[:-1]], (
        "bounds that meet still meet"
    )


def test_a_row_that_is_missing_is_added_alone(project):
    path = seed_file("tier_policy", project)
    path.write_text(
        "".join(
            line for line in path.read_text().splitlines(True) if not line.startswith("large_purchase,amount_from,CZK")
        )
    )
    assert write_currency(project, "CZK", "CNY", None) == {path.relative_to(project): 1}
    assert rows_of(path)[-1]["rule"] == "large_purchase"


@pytest.mark.parametrize(
    ("currency", "like", "said"),
    [
        ("XYZ", "CNY", "'XYZ' is no currency code of ISO 4217"),
        ("STERLING", "CNY", "nearest: GBP"),
        ("CZK", "CNY", "CZK has its rows in all of the seeds"),
        ("GBP", "EUR", "has no rows of EUR to copy"),
    ],
)
def test_what_cannot_be_written_is_refused_and_nothing_is_written(project, currency, like, said):
    before = contents(project)
    with pytest.raises(typer.BadParameter, match=re.escape(said)):
        write_currency(project, currency, like, None)
    assert contents(project) == before


@pytest.mark.parametrize("rate", ["0", "-1", "nan", "inf", "nine"])
def test_a_rate_is_a_number_above_zero(rate):
    result = CliRunner().invoke(app, ["new", "currency", "GBP", f"--rate={rate}"])
    assert result.exit_code == 2
    assert "a number above 0" in result.output


def test_a_seed_in_another_encoding_is_named(project):
    path = seed_file("rule_thresholds", project)
    path.write_bytes(path.read_text(encoding="utf-8").encode("gb18030"))
    with pytest.raises(typer.BadParameter, match=r"rule_thresholds.csv, line 2, is not UTF-8"):
        write_currency(project, "GBP", "CNY", None)


def test_all_files_are_written_or_none(project, monkeypatch):
    """The disk is full at the fourth file."""
    before, replaced = contents(project), Path.replace

    def full(self: Path, target: Path) -> Path:
        if target.name == "rfm_bands.csv" and b"GBP" in self.read_bytes():
            raise OSError("no space left on device")
        return replaced(self, target)

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(OSError, match="no space left"):
        write_currency(project, "GBP", "CNY", None)
    assert contents(project) == before


def test_a_new_currency_is_told_how_to_build_in_it(project, monkeypatch):
    monkeypatch.setattr("banktags.new_currency.PROJECT_ROOT", project)
    result = CliRunner().invoke(app, ["new", "currency", "GBP"], env={"COLUMNS": "300"})
    assert result.exit_code == 0, result.output
    assert "Build with BANK_TAGS_CURRENCY=GBP (make build BASE_CURRENCY=GBP)" in " ".join(result.output.split())
