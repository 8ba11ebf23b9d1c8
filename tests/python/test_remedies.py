"""Every test of the project that fails says what is wrong and what to do, on the screen of whoever ran it.

So does every command that gives something to readers, or takes it back.
"""

import ast
import re
import shutil
from collections.abc import Iterator

import duckdb
import pytest
from dbt_warehouse import Warehouse

from banktags.contract import PROJECT_ROOT
from banktags.publish.contents import PUBLISHED

TESTS = sorted((PROJECT_ROOT / "tests" / "dbt").rglob("*.sql"))


@pytest.mark.parametrize("path", TESTS, ids=lambda path: path.stem)
def test_each_test_has_a_remedy_and_prints_it(path):
    """By the macro printed_rows, which prints what a test says in its column remedy."""
    text = path.read_text(encoding="utf-8")
    assert "printed_rows(" in text, f"{path.name}: mark it with printed_rows, so that its failing rows are printed"
    columns = re.search(r"printed_rows\(columns=\[(.*?)\]", text)
    assert columns is None or "'remedy'" in columns[1], f"{path.name}: print the remedy"
    assert re.search(r"\bremedy$", text, re.MULTILINE), f"{path.name}: say in column remedy what to do"


def test_each_of_them_is_marked_when_parsed(manifest):
    """The generic ones too, wherever they are used."""
    own = {path.stem for path in TESTS}
    used: dict[str, list[bool]] = {}
    for node in manifest["nodes"].values():
        if node["resource_type"] == "test":
            generic = node.get("test_metadata") or {}
            is_marked = bool(node["config"]["meta"].get("printed_rows"))
            if not generic.get("namespace"):
                used.setdefault(generic.get("name") or node["name"], []).append(is_marked)
    assert {name: all(marks) for name, marks in used.items() if name in own} == dict.fromkeys(own, True)


#: What is planted in a built warehouse; each breaks one of the tests selected below.
FAULTS = (
    """
    delete from governance.tag_violations;
    insert into governance.tag_violations
    select 'unit_given', 'tag_' || lpad(n::text, 2, '0'), 'it is a number without unit', 'give unit'
    from range(45) as t (n)
    """,
    """
    update governance.staging_quality set staged_rows = staged_rows - 3
    where system_name = 'core' and table_name = 'accounts'
    """,
    "delete from policy.wave_plans",
    """
    delete from segments.segment__lifecycle
    where customer_id in (select min(customer_id) from segments.segment__lifecycle)
    """,
    # Later: of a table with rows of an earlier date the run itself is refused (test_run_guard).
    "update segments.segment__lifecycle set as_of_date = as_of_date + 1 where hash(customer_id) % 3 = 0",
    "update tags.fact_tags__aum set aum_spot = aum_spot + 1 where aum_spot > 0",
)
SELECTED = (
    *("assert_no_tag_violations", "assert_nothing_is_lost_in_staging", "assert_policies_in_force"),
    *("covers_spine_segment__lifecycle_", "aum_is_the_sum_of_its_parts"),
)


@pytest.fixture(scope="module")
def warehouse(demo_warehouse, tmp_path_factory) -> Warehouse:
    """A copy of the small demo bank, with planted faults."""
    copy = Warehouse(tmp_path_factory.mktemp("remedies") / "warehouse", demo_warehouse.raw)
    shutil.copytree(demo_warehouse.folder, copy.folder, ignore=shutil.ignore_patterns("lists"))
    with duckdb.connect(str(copy.database)) as connection:
        for fault in FAULTS:
            connection.execute(fault)
    return copy


@pytest.fixture(scope="module")
def printed(warehouse) -> str:
    """What ``dbt --quiet test`` prints about them."""
    run = warehouse.dbt("test", "--select", *SELECTED, check=False)
    failed = {node.split(".")[2] for node, status in warehouse.results().items() if status == "fail"}
    assert (run.returncode, failed) == (1, set(SELECTED)), run.stdout[-4000:]
    return run.stdout


@pytest.mark.parametrize(
    "line",
    [
        "unit_given: tag_00: it is a number without unit. Remedy: give unit.",
        r"core: accounts: .* in quarantine. Remedy: .*dbt build --full-refresh -s base_core__accounts\+.",
        r".*wave_plans.* Remedy: .*(add|valid).*",
        r"is missing. Remedy: let the model begin with the spine .*",
        r"has another as_of_date than the run \(\d+ rows\). Remedy: build the model on the date of the run.",
        r"the components do not add up to aum_spot \(\d+ rows\). Remedy: .*dbt build -s \+fact_tags__aum.",
    ],
)
def test_a_planted_fault_is_printed_with_its_remedy(printed, line):
    assert re.search(rf"^  {line}$", printed, re.MULTILINE), printed[-4000:]


def test_of_many_rows_the_first_are_printed_and_how_many_more(printed):
    assert len(re.findall(r"^  unit_given: tag_", printed, re.MULTILINE)) == 20
    assert "… and 25 more." in printed


def test_no_line_names_a_customer(warehouse, printed):
    for (customer_id,) in warehouse.rows("select customer_id from intermediate.int_customer__spine"):
        assert customer_id not in printed


# What a remedy has one look at.

#: Where a text may tell whoever must act to look at a relation.
TOLD = [
    PROJECT_ROOT / "seeds" / "governance" / "checks.csv",
    *(file for place in ("tests/dbt", "models", "macros") for file in sorted((PROJECT_ROOT / place).rglob("*.sql"))),
    *sorted((PROJECT_ROOT / "docs").glob("*.md")),
    *sorted(PROJECT_ROOT.glob("README*.md")),
    *sorted((PROJECT_ROOT / "banktags").rglob("*.py")),
]
#: A question to the file that dbt fills, to its end; in SQL it may be put together of several texts.
ASKED_OF_WORK = re.compile(r'query --work (?:""|")[^"]*"')
#: A relation that no reader has: by its schema, or by its name where one is told to look at it.
KEPT_BACK = re.compile(
    r"\b(?:staging|intermediate)\.[a-z]\w+|(?:\bsee|\blook at|查看)\s+`?((?:int|stg|base)_\w+)", re.IGNORECASE
)
#: Databases of their own that have such schemas, and a variable of such a name.
NOT_TOLD = {"campaign/calibration.py", "contract.py", "demo_warehouse.py"}


def kept_back(text: str) -> list[str]:
    """What a text tells one to look at without the command that shows it."""
    plain = re.sub(r"{%.*?%}|{{.*?}}", "", text, flags=re.DOTALL)
    return [found[0] for found in KEPT_BACK.finditer(ASKED_OF_WORK.sub("", plain))]


def test_what_is_not_published_is_told_with_the_command_that_shows_it():
    """Who follows a remedy asks the published file, which has neither staging nor the models between."""
    package = PROJECT_ROOT / "banktags"
    files = [file for file in TOLD if not (file.is_relative_to(package) and str(file.relative_to(package)) in NOT_TOLD)]
    found = {file: kept_back(file.read_text(encoding="utf-8")) for file in files}
    assert {str(file.relative_to(PROJECT_ROOT)): told for file, told in found.items() if told} == {}


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("Look at staging.quarantined_rows; deliver again.", ["staging.quarantined_rows"]),
        ("see int_customer__conflicts", ["see int_customer__conflicts"]),
        ("查看 int_customer__conflicts。", ["查看 int_customer__conflicts"]),
        ('see: banktags query --work ""select * from staging.rows"", then staging.others', ["staging.others"]),
        ("'banktags query --work \"select * from '\n|| 'staging.rows where name = n\"'", []),
        ("build int_metric__shown and metric_values of one date", []),
    ],
)
def test_what_a_text_tells_to_look_at(text, told):
    assert kept_back(text) == told


def test_a_relation_that_a_remedy_names_is_there(manifest):
    nodes = [node for node in manifest["nodes"].values() if node["resource_type"] in ("model", "seed")]
    there = {f"{node['schema']}.{node['alias']}" for node in nodes}
    named = re.compile(rf"\b(?:{'|'.join((*PUBLISHED, 'staging', 'intermediate'))})\.[a-z]\w+")
    found = set()
    for file in TOLD:
        text = file.read_text(encoding="utf-8")
        if file.suffix == ".sql":
            text = " ".join(re.findall(r'banktags query [^"]*"[^"]*"', text))
        if file.suffix in (".csv", ".sql"):
            found |= {(name, file.name) for name in named.findall(text)}
    assert len(found) > 5
    assert sorted((name, file) for name, file in found if name not in there) == []


# What commands refuse.

#: Modules whose errors are read at night by whoever must act on them.
REFUSING = [
    *sorted((PROJECT_ROOT / "banktags" / "publish").glob("*.py")),
    *sorted((PROJECT_ROOT / "banktags" / "postgres").glob("*.py")),
    *(PROJECT_ROOT / "banktags" / name for name in ("records.py", "warehouse.py", "stopping.py")),
]
ERRORS = {"PublicationError", "ServerAway", "RecordError", "WarehouseBusy", "BadParameter"}
#: What a remedy begins with, at the beginning of a clause; of a setting it is what it admits.
REMEDY = re.compile(
    r"and must be |"
    r"(?:^|[:.;,(] (?:and |or |then )?)(?:if that is meant: |as a rule, )?(?:have who administers it )?"
    r"(?:ask|bring|build|choose|close|correct|create|free|give|go back|install|leave|let|make|mend|move|name|pip"
    r"|publish|put|remove|run|say|see|set|take|try|unset|write|banktags [a-z]+)\b",
    re.IGNORECASE,
)
#: Functions that give a whole message, remedy and all; they stand in these modules themselves.
WHOLE = {"missing", "_damaged", "damage_of_work"}


def refusals() -> Iterator[tuple[str, ast.Call, dict[str, str]]]:
    """Place of each error that is raised, the call that makes it, and the texts that its module has names for."""
    for file in REFUSING:
        tree = ast.parse(file.read_text(encoding="utf-8"))
        named: dict[str, str] = {}
        for node in ast.walk(tree):
            if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
                named[node.targets[0].id] = spoken(node.value, named)
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and isinstance(node.func, (ast.Name, ast.Attribute)):
                name = node.func.id if isinstance(node.func, ast.Name) else node.func.attr
                if name in ERRORS and node.args:
                    yield f"{file.relative_to(PROJECT_ROOT)}:{node.lineno}", node, named


def spoken(node: ast.AST, named: dict[str, str]) -> str:
    """What a message says, with … for each value in it."""
    if isinstance(node, ast.Constant):
        return str(node.value)
    if isinstance(node, ast.Name):
        return named.get(node.id) or "…"
    if isinstance(node, ast.JoinedStr):
        return "".join(spoken(part, named) for part in node.values)
    if isinstance(node, ast.FormattedValue):
        return spoken(node.value, named)
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in WHOLE:
        return "…: run make build"
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "join":
        return " ".join(spoken(argument, named) for argument in node.args)
    if isinstance(node, (ast.BinOp, ast.IfExp, ast.List, ast.Tuple, ast.Starred)):
        return " ".join(spoken(part, named) for part in ast.iter_child_nodes(node))
    return "…"


def test_every_refusal_says_what_to_do():
    found = {place: spoken(call.args[0], named) for place, call, named in refusals()}
    assert len(found) > 60
    # What only hands on what was said elsewhere.
    handed_on = re.compile(r"[…\s]*|the publication can't be kept on record: …")
    silent = {place: said for place, said in found.items() if not (REMEDY.search(said) or handed_on.fullmatch(said))}
    assert silent == {}


@pytest.mark.parametrize(
    ("said", "is_one"),
    [
        ("/a/b can't be written: No space left on device", False),
        ("the backup is damaged: version.duckdb is not as it was", False),
        ("readers keep what they have: it can't be written", False),
        ("/a/b can't be written: No space left. Free room there", True),
        ("/a/b does not exist: run make build", True),
        ("this is older than what readers have. If that is meant: banktags publish --older", True),
    ],
)
def test_a_fault_alone_is_no_remedy(said, is_one):
    assert bool(REMEDY.search(said)) == is_one
