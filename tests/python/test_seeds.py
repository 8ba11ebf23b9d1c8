"""Seeds are checked as files before dbt reads the project: what is no table, no value or senseless is named."""

import csv
import io
import shutil
from collections.abc import Callable, Iterable
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest
import typer
import yaml
from dbt.cli.main import dbtRunner
from rich.console import Console

from banktags.contract import PROJECT_ROOT
from banktags.freeze_rfm import replace_in_seed
from banktags.new_currency import write_currency
from banktags.nightly.project import Project
from banktags.seeds.bounds import SEED as BOUNDS
from banktags.seeds.bounds import bound_faults
from banktags.seeds.checks import order_faults, value_faults
from banktags.seeds.declared import Declared, read_declared
from banktags.seeds.files import SeedFile, SeedRow, read_seed
from banktags.seeds.guard import seed_faults
from banktags.seeds.rows import seed_file
from banktags.seeds.values import value_fault

#: Numbers that only count: any change of one alone is another order, and no senseless one.
COUNTED = {"tag_lifecycle_events", "cities"}


@pytest.fixture
def project(tmp_path) -> Path:
    """Seeds of one's own: but for those that the catalogue writes, and nobody edits."""
    shutil.copytree(PROJECT_ROOT / "seeds", tmp_path / "seeds", ignore=shutil.ignore_patterns("tag_rule*.csv"))
    return tmp_path


@pytest.fixture(scope="module")
def declared() -> dict[str, Declared]:
    return {name: seed for name, seed in read_declared(PROJECT_ROOT / "seeds").items() if not seed.is_generated}


@pytest.fixture(scope="module")
def shipped(declared) -> dict[str, SeedFile]:
    return {name: read_seed(PROJECT_ROOT / seed.file, seed.file, seed.types) for name, seed in declared.items()}


def edit(project: Path, path: str, old: str, new: str) -> None:
    """Replace a text, which is there, in a seed."""
    file = project / "seeds" / path
    text = file.read_text(encoding="utf-8")
    assert old in text, f"{path} has no {old!r}"
    file.write_text(text.replace(old, new, 1), encoding="utf-8")


def test_the_shipped_seeds_have_no_fault():
    """That every number has a bound, and every bound its row, is a part of it: the fault says what to add where."""
    assert seed_faults() == []


def test_every_seed_is_described(declared):
    files = {path.stem for path in (PROJECT_ROOT / "seeds").rglob("*.csv") if path.parent.name != "catalogue"}
    assert files == declared.keys(), "add an entry with column_types to a _seeds.yml in the folder of the seed"


def with_values(seed: SeedFile, place: int, **values: str) -> SeedFile:
    """The seed with other values in one of its rows."""
    row = seed.rows[place]
    changed = SeedRow(row.line, {**row.values, **values})
    return replace(seed, rows=(*seed.rows[:place], changed, *seed.rows[place + 1 :]))


def planted(seed: SeedFile, of: Declared, seeds: Iterable[str]) -> dict[str, SeedFile]:
    """The seed with one fault of each kind that dbt's own tests would look for, by what is wrong."""
    coded = [column for column, (dictionary, _) in of.references.items() if dictionary in seeds]
    if not seed.rows:
        return {}
    copied = replace(seed, rows=(*seed.rows, SeedRow(seed.rows[-1].line + 1, dict(seed.rows[0].values))))
    return {
        **{f"{column} is empty": with_values(seed, 0, **{column: ""}) for column in of.filled},
        **{f"{column} is none of its values": with_values(seed, 0, **{column: "zzz"}) for column in of.admitted},
        **{f"{column} is in no dictionary": with_values(seed, 0, **{column: "zzz"}) for column in coded},
        **{f"{', '.join(key)} twice": copied for key in of.keys},
    }


def test_a_planted_fault_of_each_kind_is_caught_in_each_seed(shipped, declared):
    """Data tests would ask it of the warehouse: not_null, accepted_values, relationships and unique."""
    missed, kinds = [], set()
    for name, seed in shipped.items():
        for fault, changed in planted(seed, declared[name], shipped).items():
            kinds.add(fault.rsplit(" ", 1)[-1])
            seeds = {**shipped, name: changed}
            if not (value_faults(changed, declared[name], seeds) or order_faults(changed, declared[name])):
                missed.append((name, fault))
    assert missed == []
    assert kinds == {"empty", "values", "dictionary", "twice"}


def test_dbt_does_not_ask_again_what_the_files_are_asked():
    """Each data test is a node and a query of every build. Left are those that no file can be asked."""
    asked = {}
    files = [path for path in (PROJECT_ROOT / "seeds").rglob("_*.yml") if path.parent.name != "catalogue"]
    for seed in (seed for path in files for seed in yaml.safe_load(path.read_text(encoding="utf-8"))["seeds"]):
        for test in (test for of in (seed, *seed["columns"]) for test in of.get("data_tests", ())):
            asked[seed["name"]] = test if isinstance(test, str) else next(iter(test))
    assert set(asked.values()) == {"covers_all_amounts", "relationships"}, asked
    of_tags = {"portrait_matters", "segmentation_schemes", "strategy_map"}
    assert {name for name, test in asked.items() if test == "relationships"} == of_tags


#: Eight senseless edits of one day, and what is said of each.
SENSELESS = [
    (
        "policy/audiences/audience_purposes.csv",
        "true,true,true,3,20,",
        "true,true,true,3,-20,",
        "line 2, marketing: minimum_size is -20",
    ),
    ("policy/audiences/audience_policy.csv", "share,0.02", "share,1.5", "line 2, global_holdout_share: value is 1.5"),
    (
        "policy/rules/rule_thresholds.csv",
        "a2_from,CNY,10000",
        "a2_from,CNY,-10000",
        "asset_level / a2_from (CNY): value is -10000",
    ),
    (
        "policy/rules/rule_thresholds.csv",
        "a4_from,CNY,200000",
        "a4_from,CNY,20000",
        "a4_from (CNY): value is 20000, and must be above 50000",
    ),
    (
        "policy/tiers/tier_policy.csv",
        "hysteresis_share,,0.05",
        "hysteresis_share,,5",
        "service_tier / hysteresis_share: value is 5",
    ),
    ("policy/portraits/portrait_policy.csv", "level,0.05", "level,5", "line 2, significance_level: value is 5"),
    ("policy/rules/day_parts.csv", "morning,9,12", "morning,9,13", "must be where the next begins: 12"),
    (
        "policy/quality/quality_thresholds.csv",
        "psi,,0.1,0.25",
        "psi,,0.25,0.1",
        "line 2, psi: act_from is 0.1, and must be at least 0.25",
    ),
]


@pytest.fixture
def senseless(project) -> Path:
    """The project with all of the edits, as dbt and banktags find it."""
    for path, old, new, _ in SENSELESS:
        edit(project, path, old, new)
    (project / "macros" / "run").mkdir(parents=True)
    for name in ("dbt_project.yml", "profiles.yml", "macros/run/variables.sql"):
        shutil.copy(PROJECT_ROOT / name, project / name)
    return project


def test_dbt_refuses_senseless_values_all_at_once_before_it_reads_the_project(senseless, monkeypatch):
    monkeypatch.setenv("DBT_TARGET_PATH", str(senseless / "target"))
    folders = ("--project-dir", str(senseless), "--profiles-dir", str(senseless))
    for command in ("build", "seed", "compile"):
        result = dbtRunner().invoke(["--quiet", "--log-level", "none", command, *folders])
        assert not result.success
        said = str(result.exception).splitlines()
        for path, _, _, told in SENSELESS:
            lines = [line for line in said if f"seeds/{path}, line " in line and told in line]
            assert len(lines) == 1, (path, told, said)
            assert "Correct it" in lines[0] or "Let the bands meet" in lines[0]
        assert "Nothing was built." in said[-1]
        assert len(said) == len(SENSELESS) + 2
    assert not (senseless / "target" / "manifest.json").exists()


def test_banktags_run_refuses_them_too(senseless, monkeypatch, capsys):
    monkeypatch.setattr("dbt_bank_tags.seed_faults", lambda _: seed_faults(senseless))
    with pytest.raises(typer.Exit):
        Project(Console(width=400))
    said = capsys.readouterr().out
    assert all(told in said for *_, told in SENSELESS)
    assert "Traceback" not in said


#: Other edits of the same kinds: seed, what is replaced, by what, and what is said.
SLIPS = {
    "a part of the day left out": (
        "policy/rules/day_parts.csv",
        "noon,12,14,午间,Noon\n",
        "",
        "must be where the next begins: 14",
    ),
    "a day that begins late": (
        "policy/rules/day_parts.csv",
        "night,0,6",
        "night,1,6",
        "hour_from is 1, and must be 0 in the first band",
    ),
    "a day of 23 hours": (
        "policy/rules/day_parts.csv",
        "18,24",
        "18,23",
        "hour_to is 23, and must be 24 in the last band",
    ),
    "a day of 25 hours": (
        "policy/rules/day_parts.csv",
        "18,24",
        "18,25",
        "hour_to is 25, and must be a whole number from 1 to 24",
    ),
    "a gap in the pyramid": (
        "policy/tiers/pyramid_tiers.csv",
        "4,1000000,8000000",
        "4,1000000,7000000",
        "aum_to is 7000000, and must be where the next begins: 8000000",
    ),
    "a bound of a tier below it": (
        "policy/tiers/pyramid_tiers.csv",
        "3,200000,1000000",
        "3,200000,100",
        "aum_to is 100",
    ),
    "ranks turned round": (
        "policy/tiers/pyramid_tiers.csv",
        "vip,贵宾,3,200000",
        "vip,贵宾,1,200000",
        "tier_rank is 1, and must be at least 2, that of potential (CNY)",
    ),
    "shares of more than everybody": (
        "policy/tiers/pyramid_tiers.csv",
        "0.749,0.05",
        "0.849,0.05",
        "target_customer_share of CNY adds up to 1.100",
    ),
    "scores turned round": (
        "policy/rfm/rfm_bands.csv",
        "CNY,frequency,activity_monthly_avg_365d,1,,0.5",
        "CNY,frequency,activity_monthly_avg_365d,4,,0.5",
        "score is 2, and must be at least 4",
    ),
    "warned after it fails": (
        "policy/sources/staging_damage_thresholds.csv",
        "0.7,0.9,100",
        "0.7,0.6,100",
        "fail_share is 0.6, and must be above 0.7, that of warn_share",
    ),
    "fresh for longer than stale": (
        "policy/quality/source_freshness_policy.csv",
        "delivery,3,30",
        "delivery,30,3",
        "stale_days is 3, and must be above 30, that of fresh_days",
    ),
    "ages turned round": (
        "policy/rules/rule_thresholds.csv",
        "is_young_customer,age_from,,18",
        "is_young_customer,age_from,,40",
        "age_to: value is 35, and must be above 40",
    ),
    "half a day of grace": (
        "policy/tiers/tier_policy.csv",
        "grace_days,,90",
        "grace_days,,90.5",
        "value is 90.5, and must be a whole number from 0 to 366",
    ),
    "years in days": (
        "policy/rules/rule_thresholds.csv",
        "age_from,,60,years",
        "age_from,,60,days",
        "unit is days, and must be years",
    ),
    "an amount of no currency": (
        "policy/rules/rule_thresholds.csv",
        "a3_from,CNY,",
        "a3_from,,",
        "currency is empty, and must name the currency of the amount",
    ),
    "days of a currency": (
        "policy/tiers/tier_policy.csv",
        "grace_days,,",
        "grace_days,CNY,",
        "currency is CNY, and must be empty for days",
    ),
    "a currency of no country": (
        "policy/rules/rule_thresholds.csv",
        "a3_from,CNY,",
        "a3_from,CNR,",
        "currency is CNR, and must be a currency_code of seed currencies. Write a code of",
    ),
    "a parameter of another name": (
        "policy/rules/rule_thresholds.csv",
        "asset_level,a3_from,CNY",
        "asset_level,a3_form,CNY",
        "no bound stands for value. Correct the name (did you mean asset_level / a3_from?), or add a row",
    ),
    "a parameter taken away": (
        "policy/audiences/audience_policy.csv",
        "list_valid_days,30,",
        "list_valid,30,",
        "the row list_valid_days is missing",
    ),
    "a purpose twice": (
        "policy/audiences/audience_purposes.csv",
        "service,服务",
        "marketing,服务",
        "the same purpose as in line 2",
    ),
    "two in force": (
        "policy/tiers/tier_policy.csv",
        "downgrade,due_days,,5,days",
        "upgrade,due_days,,5,days",
        "the same rule, parameter as in line",
    ),
    "two in force from another day": (
        "policy/tiers/tier_policy.csv",
        "downgrade,due_days,,5,days,任务期限天数,1900-01-01",
        "upgrade,due_days,,5,days,任务期限天数,2025-01-01",
        "let one end before the other begins (column valid_to)",
    ),
    "an end before the beginning": (
        "policy/tiers/tier_overrides.csv",
        "2026-06-15,2026-12-15",
        "2026-12-15,2026-06-15",
        "valid_to is 2026-06-15, and must be after valid_from",
    ),
    "an end that is the beginning": (
        "policy/campaigns/strategy_map.csv",
        "2026-01-01,,",
        "2026-01-01,2026-01-01,",
        "must be after valid_from",
    ),
    "no tier": (
        "policy/tiers/tier_overrides.csv",
        "35,vip,",
        "35,vpi,",
        "a tier of seed pyramid_tiers (mass, potential, private_banking, vip or wealth). Write a code of ",
    ),
    "no code of a list": (
        "policy/portraits/portrait_roles.csv",
        "C2,3,1",
        "C4,3,1",
        "highest_sensitivity is C4, and must be C1, C2 or C3",
    ),
    "nobody's product": (
        "policy/campaigns/campaign_conversion_events.csv",
        "FUND,order",
        "FUNDS,order",
        "product_category is FUNDS, and must be a product_category of seed product_categories",
    ),
    "a channel that is none": (
        "policy/audiences/audience_purposes.csv",
        "SMS|PHONE|APP|WECOM",
        "SMS|FONE|APP|WECOM",
        "joined by |: FONE is none. Write a code of seeds/dictionaries/contact_channels.csv",
    ),
    "children who are adults": (
        "policy/audiences/audience_policy.csv",
        "guardian_age_below,14",
        "guardian_age_below,18",
        "adult_age_from: value is 18, and must be above 18, that of guardian_age_below",
    ),
    "no children": (
        "policy/audiences/audience_policy.csv",
        "guardian_age_below,14",
        "guardian_age_below,4",
        "guardian_age_below: value is 4, and must be a whole number from 14 to 18",
    ),
    "a gate that is none": (
        "policy/audiences/contact_gates.csv",
        "deceased,marketing",
        "decesaed,marketing",
        "gate is decesaed, and must be a gate of seed audience_gates. "
        "Write a code of seeds/policy/audiences/audience_gates",
    ),
    "a value left out": (
        "policy/audiences/audience_policy.csv",
        "holdout_share,0.02",
        "holdout_share,",
        "value is empty, and must have a value",
    ),
    "waves turned round": (
        "policy/lifecycle/wave_plans.csv",
        "honeymoon,2,7",
        "honeymoon,2,30",
        "day_offset is 21, and must be at least 30",
    ),
    "a longer short horizon": (
        "policy/campaigns/campaign_parameters.csv",
        "horizon_days,short,,7",
        "horizon_days,short,,45",
        "horizon_days / middle: value is 30, and must be above 45",
    ),
    "a bound of nothing": (
        "policy/policy_bounds.csv",
        "audience_policy,list_valid_days,value,days,1",
        "audience_polcy,list_valid_days,value,days,1",
        "there is no seed audience_polcy (did you mean audience_policy?)",
    ),
    "bounds turned round": (
        "policy/policy_bounds.csv",
        "list_valid_days,value,days,1,180",
        "list_valid_days,value,days,180,1",
        "highest is 1, below lowest",
    ),
}


@pytest.mark.parametrize("slip", SLIPS)
def test_what_is_senseless_is_named(project, slip):
    path, old, new, said = SLIPS[slip]
    edit(project, path, old, new)
    found = seed_faults(project)
    assert any(said in line and path in line for line in found), found


#: How a spreadsheet or a hurried hand writes a number, and what to write.
NUMBERS = {
    "5%": "0.05",
    "1,000": "1000",
    "1e3": "1000",
    ".5": "0.5",
    "5.": "5",
    "+5": "5",
    "-0": "0",
    "０.０２": "0.02",
    "NaN": "as 0.05",
    "inf": "as 0.05",
    "-Infinity": "as 0.05",
    "1_000": "as 0.05",
    "0x10": "as 0.05",
    "two": "as 0.05",
    "1 000": "as 0.05",
    "007": "7",
    "0.02345": "Round it to 4 decimals",
    "1000000000000000": "Correct the value",
}


@pytest.mark.parametrize("value", NUMBERS)
def test_a_number_has_one_spelling(value):
    must, remedy = value_fault(value, "decimal(18,4)")
    assert must.startswith("must be a number")
    assert NUMBERS[value] in remedy


@pytest.mark.parametrize("value", ["0", "0.02", "-5", "20000", "0.0200", "99999999999999.9999"])
def test_a_plain_number_is_one(value):
    assert value_fault(value, "decimal(18,4)") is None


@pytest.mark.parametrize(
    ("value", "remedy"),
    [
        ("2026/6/15", "Write 2026-06-15"),
        ("2026-6-15", "Write 2026-06-15"),
        ("2026/06/15 0:00:00", "Write 2026-06-15"),
        ("2026年6月15日", "Write 2026-06-15"),
        ("20260615", "Write it as 2026-06-30"),
        ("15.06.2026", "Write it as 2026-06-30"),
        ("2026-02-30", "Write it as 2026-06-30"),
        ("46188", "Write it as 2026-06-30"),
        ("0001-01-01", "Write it as 2026-06-30"),
        ("9999-12-31", "Leave it empty: that is no end"),
    ],
)
def test_a_date_has_one_spelling(value, remedy):
    assert value_fault(value, "date") == ("must be a date, as YYYY-MM-DD", remedy)


@pytest.mark.parametrize(
    ("seed", "column", "value", "said"),
    [
        ("audience_purposes", "needs_consent", "TRUE", "needs_consent is TRUE, and must be true or false. Write true"),
        ("audience_purposes", "needs_consent", "yes", "must be true or false"),
        ("audience_purposes", "needs_consent", "1", "must be true or false"),
        ("audience_purposes", "minimum_size", "20.0", "must be a whole number. Write 20"),
        ("audience_purposes", "minimum_size", "9999999999", "must be a whole number of at most 2147483647"),
        ("audience_purposes", "purpose", "marketing ", "has a blank before or after it. Write 'marketing'"),
        ("audience_purposes", "purpose", "\u3000marketing", "has a blank before or after it"),
        ("audience_purposes", "purpose", "marke\u200bting", "has a character that cannot be seen (U+200B)"),
        ("audience_purposes", "minimum_size", "20 ", "has a blank before or after it. Write '20'"),
        ("audience_purposes", "minimum_size", "null", "must have a value"),
        (
            "audience_policy",
            "value",
            "2%",
            "line 2, global_holdout_share: value is 2%, and must be a number. Write 0.02",
        ),
        (
            "tier_overrides",
            "valid_from",
            "2026/6/15",
            "line 2, DEMO-BEIJING-35: valid_from is 2026/6/15, and must be a",
        ),
    ],
)
def test_a_value_is_of_its_type(project, seed, column, value, said):
    edit_cell(seed_file(seed, project), 1, column, value)
    found = seed_faults(project)
    assert said in found[0]
    assert f"{seed_file(seed, project).relative_to(project)}, line 2" in found[0]


def edit_cell(path: Path, row: int, column: str, value: str) -> None:
    """Write one value; ``row`` 1 is that below the header."""
    rows = list(csv.reader(io.StringIO(path.read_text(encoding="utf-8"))))
    rows[row][rows[0].index(column)] = value
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows(rows)


def recoded(encoding: str) -> Callable[[str], bytes]:
    return lambda text: text.encode(encoding)


def replaced(old: str, new: str, times: int = 1) -> Callable[[str], bytes]:
    return lambda text: text.replace(old, new, times).encode()


HEADER = "parameter,value,unit,name_zh,description"
#: What becomes of a file, and what is said of it; None: nothing, it is sound.
FILES: dict[str, tuple[Callable[[str], bytes], str | None]] = {
    "as it is": (recoded("utf-8"), None),
    "with the mark of a spreadsheet": (recoded("utf-8-sig"), None),
    "line ends of Windows": (replaced("\n", "\r\n", -1), None),
    "GBK": (recoded("gb18030"), "line 2: saved as GBK, not UTF-8. Save it as CSV UTF-8, or: iconv"),
    "UTF-16": (recoded("utf-16"), "saved as UTF-16, not UTF-8. Save it"),
    "UTF-16 without mark": (recoded("utf-16-le"), "saved as UTF-16, not UTF-8. Save it"),
    "Latin": (lambda text: "a,b\n1,caf\u00e9\n".encode("latin-1"), "line 2: not UTF-8. Save it"),
    "empty": (lambda text: b"", f"the file is empty. Its first line is: {HEADER}"),
    "blank lines alone": (lambda text: b"\n\n", "the file is empty"),
    "a binary file": (lambda text: b"PK\x03\x04\x00\x00", "not UTF-8"),
    "no header": (replaced(HEADER + "\n", ""), "line 1: the first line is no header"),
    "a column missing": (lambda text: _without(text, "unit"), "line 1: the column unit is missing"),
    "a column renamed": (replaced("value", "values"), "line 1: there is no column values (did you mean value?)"),
    "a column in capitals": (
        replaced("parameter", "Parameter"),
        "there is no column Parameter (did you mean parameter?)",
    ),
    "a column with a blank": (replaced(",value", ", value"), "there is no column ' value' (did you mean value?)"),
    "a column too many": (
        lambda text: _with(text, "owner"),
        "line 1: there is no column owner. Rename it, or delete it",
    ),
    "a column of no name": (lambda text: _with(text, ""), "line 1: there is no column ''"),
    "a column twice": (lambda text: _with(text, "unit"), "line 1: the column unit stands twice"),
    "semicolons": (replaced(",", ";", -1), "line 1: the columns are separated by semicolons, not by commas"),
    "tabs": (replaced(",", "\t", -1), "line 1: the columns are separated by tabs, not by commas"),
    "a quote that never ends": (replaced("留出轮次", '"留出轮次'), None),
    "a text whose quote never ends": (
        replaced(",全局留出轮次", ',"全局留出轮次'),
        "line 3: the quotes of the row that begins here do not fit",
    ),
    "a quote that ends too late": (lambda text: _quote_to_the_next_row(text), "line 2: the text"),
    "a comma in a text": (
        replaced("全局留出比例", "全局,留出"),
        "line 2: 6 values for 5 columns, beginning global_holdout_share",
    ),
    "a row cut off": (replaced(",days,名单有效期", ""), "line 4: 3 values for 5 columns, beginning list_valid_days"),
    "a line of commas": (lambda text: (text + ",,,,\n").encode(), "the line is empty. Delete it"),
    "an empty line": (replaced("\nglobal_holdout_round", "\n\nglobal_holdout_round"), "line 3: the line is empty"),
}


def _table(text: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text)))


def _csv(rows: list[list[str]]) -> bytes:
    file = io.StringIO()
    csv.writer(file, lineterminator="\n").writerows(rows)
    return file.getvalue().encode()


def _without(text: str, column: str) -> bytes:
    rows = _table(text)
    place = rows[0].index(column)
    return _csv([row[:place] + row[place + 1 :] for row in rows])


def _with(text: str, column: str) -> bytes:
    header, *rows = _table(text)
    return _csv([[*header, column], *([*row, "x"] for row in rows)])


def _quote_to_the_next_row(text: str) -> bytes:
    """A text in quotes that goes on to the end of the next line."""
    first, second = text.splitlines()[1:3]
    before, _, last = first.rpartition(",")
    return text.replace(f"{first}\n{second}", f'{before},"{last}\n{second}"').encode()


@pytest.mark.parametrize("case", FILES)
def test_a_file_that_is_no_table_is_named(project, case):
    change, said = FILES[case]
    path = seed_file("audience_policy", project)
    path.write_bytes(change(path.read_text(encoding="utf-8")))
    found = seed_faults(project)
    if said is None:
        assert found == []
    else:
        (line,) = found
        assert line.startswith("seeds/policy/audiences/audience_policy.csv")
        assert said in line
        assert "dialect" not in line and "\n" not in line


def test_a_missing_seed_is_named(project):
    (seed_file("audience_policy", project)).unlink()
    (line,) = seed_faults(project)
    assert line.startswith("seeds/policy/audiences/audience_policy.csv: the file is missing. Take it back")


def test_the_encoding_of_what_the_catalogue_writes_is_checked_too(project):
    (project / "seeds" / "catalogue" / "tag_rules.csv").write_bytes("tag_code\n名\n".encode("gb18030"))
    (line,) = seed_faults(project)
    assert line.startswith("seeds/catalogue/tag_rules.csv, line 2: saved as GBK")


def test_many_faults_of_one_kind_are_told_as_one(project):
    path = seed_file("rule_thresholds", project)
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("1900-01-01", "1900/1/1"), encoding="utf-8")
    found = seed_faults(project)
    assert len(found) == 4
    assert all(
        "valid_from is 1900/1/1, and must be a date, as YYYY-MM-DD. Write 1900-01-01" in line for line in found[:3]
    )
    assert f"the same in {text.count('1900-01-01') - 3} more lines: 5, 6, 7" in found[3]


def test_rows_of_several_times_may_follow_each_other(project):
    """And the order of the levels is that of each time."""
    path = seed_file("rule_thresholds", project)
    text = path.read_text(encoding="utf-8")
    for name, later in (("a2", 60000), ("a3", 70000)):
        (row,) = [line for line in text.splitlines() if line.startswith(f"asset_level,{name}_from,CNY")]
        cells = row.split(",")
        ended = ",".join([*cells[:7], "2026-01-01", *cells[8:]])
        begun = ",".join([*cells[:3], str(later), *cells[4:6], "2026-01-01", "", "2.0.0", *cells[9:]])
        text = text.replace(row, f"{ended}\n{begun}")
    path.write_text(text, encoding="utf-8")
    assert seed_faults(project) == []
    path.write_text(text.replace("a3_from,CNY,70000", "a3_from,CNY,55000"), encoding="utf-8")
    (line,) = seed_faults(project)
    assert "asset_level / a3_from (CNY): value is 55000, and must be above 60000" in line


def mutants(seed: SeedFile, column: str, change: Callable[[Decimal], Decimal]) -> list[tuple[SeedRow, SeedFile]]:
    """The seed with one of its numbers changed, for each of them that changes."""
    made = []
    for place, row in enumerate(seed.rows):
        # Rows of other currencies have the bounds of these.
        is_changed = row[column] and row.values.get("currency", "") in ("", "CNY")
        if is_changed and change(Decimal(row[column])) != Decimal(row[column]):
            changed = SeedRow(row.line, {**row.values, column: f"{change(Decimal(row[column])):f}"})
            made.append((row, replace(seed, rows=(*seed.rows[:place], changed, *seed.rows[place + 1 :]))))
    return made


def survivors(shipped, declared, change: Callable[[Decimal], Decimal]) -> list[tuple[str, int, str]]:
    """The changes that nothing is said of: seed, line and column."""
    found = []
    for name, seed in shipped.items():
        if name in COUNTED or name == BOUNDS:
            continue
        for column in declared[name].numbers:
            for row, changed in mutants(seed, column, change):
                of_seed = declared[name]
                if not (
                    value_faults(changed, of_seed, {**shipped, name: changed})
                    or order_faults(changed, of_seed)
                    or bound_faults({name: changed, BOUNDS: shipped[BOUNDS]}, declared)
                ):
                    found.append((name, row.line, column))
    return found


def test_no_number_of_a_seed_may_be_negative(shipped, declared):
    assert survivors(shipped, declared, lambda number: -number if number else Decimal(-1)) == []


def test_few_numbers_may_be_zero(shipped, declared):
    """Those that switch something off."""
    assert {seed for seed, *_ in survivors(shipped, declared, lambda number: Decimal(0))} == {
        "arrears_tolerances",
        "audience_policy",
        "campaign_parameters",
        "product_margins",
        "rfm_parameters",
        "tier_policy",
    }


def test_no_number_may_be_beyond_all_measure(shipped, declared):
    """A thousand times as much: only amounts of money alone, which are of any currency, and fewest rows may be."""
    found = survivors(shipped, declared, lambda number: number * 1000 if number else Decimal(10**6))
    alone = {"rule_thresholds", "tier_policy", "campaign_parameters", "staging_damage_thresholds", "profit_rates"}
    alone |= {"rfm_bands", "quality_thresholds", "arrears_tolerances"}
    assert {seed for seed, *_ in found} <= alone
    units = [shipped[seed].rows[line - 2]["unit"] for seed, line, _ in found if "unit" in declared[seed].types]
    assert set(units) <= {"base currency", "a year for each open account", "each"}


def test_a_number_without_bound_says_where_to_add_one(project):
    path = seed_file("audience_policy", project)
    path.write_text(
        path.read_text(encoding="utf-8") + "longest_list,5000,customers,名单上限,Most on a list\n", encoding="utf-8"
    )
    (line,) = seed_faults(project)
    last = len(path.read_text(encoding="utf-8").splitlines())
    file = "seeds/policy/audiences/audience_policy.csv"
    assert line.startswith(f"{file}, line {last}, longest_list: no bound stands for value.")
    assert "to seeds/policy/policy_bounds.csv: audience_policy,longest_list,value,<unit>,<lowest>,<highest>," in line
    bounds = seed_file("policy_bounds", project)
    row = "audience_policy,longest_list,value,customers,1,100000,true,,,No branch calls more\n"
    bounds.write_text(bounds.read_text(encoding="utf-8") + row, encoding="utf-8")
    assert seed_faults(project) == []


@pytest.mark.parametrize(
    ("currency", "rate"), [("GBP", "9.1"), ("JPY", "0.048"), ("KRW", "0.0052"), ("KWD", "23"), ("EUR", None)]
)
def test_what_banktags_writes_for_a_currency_has_no_fault(project, currency, rate):
    write_currency(project, currency, "CNY", rate and Decimal(rate))
    assert seed_faults(project) == []


def test_what_banktags_freezes_has_no_fault(project):
    """Cut points are computed, and so may be written with an exponent by whoever is careless."""
    same = {"currency": "CNY", "period": "2026-Q3", "scoring_method": "quintile", "axis": "frequency"}
    same |= {
        "measure": "activity_monthly_avg_365d",
        "is_high": "true",
        "parameters_version": "1.0.0",
        "frozen_as_of": "2026-06-30",
    }
    points = [None, 1.5e-05, 0.1 + 0.2, 12.0, 1e16, None]
    rows = [
        same | {"score": place + 1, "value_from": points[place], "value_to": points[place + 1]} for place in range(5)
    ]
    replace_in_seed(rows, seed_file("rfm_cut_points", project))
    text = (seed_file("rfm_cut_points", project)).read_text(encoding="utf-8")
    assert ",0.000015," in text and ",10000000000000000" in text
    assert [line for line in seed_faults(project) if "must be a number from" not in line] == []
