"""Whatever breaks a rule of the tag system fails the build, with an error that names it and says what to do.

Faults are planted in a copy of the project, several in one build, but only one at each subject. Only the governance
models are built: they read the project graph and the governance seeds, not the bank's data.
"""

import csv
import re
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest
from dbt.cli.main import dbtRunner

from banktags.catalogue.certificates import read_steps, seal
from banktags.contract import PROJECT_ROOT, read_contract
from banktags.landing import write_empty_tables

pytestmark = pytest.mark.slow

SUITABILITY = "models/tags/fact/fact_tags__suitability.yml"
WEALTH_DESK = "models/tags/derived/derived_tags__wealth_desk.yml"
STARTER_ALBUM = "models/dictionary/albums/retail_starter_album.yml"
APPROVALS = "seeds/governance/class_approvals.csv"
EVENTS = "seeds/governance/tag_lifecycle_events.csv"
#: What more than one fault is about; any other is by itself.
SUBJECT = re.compile(r"investment_|wealth_desk|starter_album|risk_level|age_years")
STEPS = ("requested", "defined", "developed", "verified", "certified", "published", "deprecated", "retired")


@dataclass
class Project:
    """A copy of the project in ``folder``, with a warehouse beside it."""

    folder: Path

    def build(self) -> tuple[bool, str]:
        """Whether the governance part builds, and what dbt printed."""
        messages: list[str] = []
        runner = dbtRunner(callbacks=[lambda event: messages.append(event.info.msg)])
        folder = str(self.folder)
        result = runner.invoke(
            [
                *("--no-use-colors", "--log-path", f"{folder}/logs", "--log-level", "none", "build"),
                *("--project-dir", folder, "--profiles-dir", folder, "--target-path", f"{folder}/target"),
                *("--select", "+assert_no_tag_violations", "--exclude", "test_type:generic", "test_type:unit"),
                *("--indirect-selection", "cautious", "--no-write-json"),
                # Nothing is delivered that would say it.
                *("--vars", "as_of_date: 2026-06-30"),
            ]
        )
        return bool(result.success), "\n".join(messages)

    def edit(self, path: str, old: str, new: str) -> None:
        file = self.folder / path
        text = file.read_text(encoding="utf-8")
        assert old in text, f"{path} does not have {old!r}"
        file.write_text(text.replace(old, new, 1), encoding="utf-8")

    def append(self, path: str, *rows: str) -> None:
        with (self.folder / path).open("a", encoding="utf-8") as file:
            file.writelines(row + "\n" for row in rows)

    def record(self, *rows: str) -> None:
        """Put steps at the end of their tags' records, as commands would."""
        self.append(EVENTS, *rows)
        seal(self.folder)

    def live(self, tag_code: str, until: str, reviewer: str = "reviewer") -> None:
        """Take a tag without a record through its life, up to a state."""
        with (self.folder / "seeds/catalogue/tag_rules.csv").open(encoding="utf-8") as rows:
            rule_hash = next(row["rule_hash"] for row in csv.DictReader(rows) if row["tag_code"] == tag_code)
        rows = []
        for number, state in enumerate(STEPS[: STEPS.index(until) + 1], start=1):
            actor = reviewer if state == "certified" else "developer"
            recorded = rule_hash if state == "certified" else ""
            rows.append(f"{tag_code},{number},{state},2026-06-01,{actor},{recorded},,")
        self.record(*rows)


@pytest.fixture(scope="module")
def sound(tmp_path_factory) -> Project:
    """A copy of the project, built once without any fault: nothing is violated, also not by a comment upstream."""
    folder = tmp_path_factory.mktemp("project") / "bank_tags"
    ignored = shutil.ignore_patterns(".*", "target", "logs", "data", "warehouse", "site", "__pycache__")
    shutil.copytree(PROJECT_ROOT, folder, ignore=ignored)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BANK_TAGS_DB", str(folder / "bank_tags.duckdb"))
        patch.setenv("BANK_TAGS_WORK", str(folder / "bank_tags.duckdb"))
        patch.setenv("BANK_TAGS_RAW", str(folder / "raw"))
        patch.setenv("BANK_TAGS_PII_KEY", "key-of-the-tests")
        write_empty_tables(folder / "raw", read_contract())
        project = Project(folder)
        project.edit("models/tags/fact/fact_tags__suitability.sql", "-- What risk", "-- Which risk")
        project.edit("models/tags/fact/fact_tags__suitability.sql", "    from {{ ref('int", "    from  {{ref('int")
        ok, printed = project.build()
        assert ok, printed
        yield project


@pytest.fixture
def project(sound) -> Project:
    """The same, for a test to change."""
    yield sound
    restore(sound)


def restore(project: Project) -> None:
    for folder in ("models", "seeds"):
        for original in (PROJECT_ROOT / folder).rglob("*.*"):
            copy = project.folder / original.relative_to(PROJECT_ROOT)
            if original.is_file() and copy.read_bytes() != original.read_bytes():
                shutil.copy(original, copy)


FAULTS: dict[str, tuple[Callable[[Project], None], str, str]] = {
    "a field of the entry is missing": (
        lambda p: p.edit(SUITABILITY, '          null_means: "No assessment is on record."\n', ""),
        r"entry_complete: fact_tags__suitability\.risk_level: .* does not say: null_means",
        "give the field in config.meta.tag",
    ),
    "the Chinese definition is missing": (
        lambda p: defined_in_chinese(p, ""),
        r"entry_complete: fact_tags__suitability\.investment_goal: .* does not say: definition_zh",
        "give the field in config.meta.tag",
    ),
    "the Chinese definition is the name": (
        lambda p: defined_in_chinese(p, "投资目标。"),
        r"definition_chinese: fact_tags__suitability\.investment_goal: definition_zh only repeats the name",
        "say in Chinese what is measured",
    ),
    "the Chinese definition is not Chinese": (
        lambda p: defined_in_chinese(p, "Goal that the customer named."),
        r"definition_chinese: fact_tags__suitability\.investment_goal: definition_zh has no Chinese: Goal",
        "say in Chinese what is measured",
    ),
    "a field of a choice has another value": (
        lambda p: p.edit(
            SUITABILITY, "          owner_business:", "          timeliness: weekly\n          owner_business:"
        ),
        r"entry_choice: fact_tags__suitability\.risk_level: timeliness is weekly",
        "choose static, daily, intraday or realtime",
    ),
    "the code breaks the naming rule": (
        lambda p: p.edit(SUITABILITY, "- name: investment_goal", "- name: investment__goal"),
        r"code_form: fact_tags__suitability\.investment__goal",
        "rename the column",
    ),
    "the window is none of the project": (
        lambda p: p.edit(
            "models/tags/fact/fact_tags__digital.yml", "- name: app_login_count_7d", "- name: app_login_count_8d"
        ),
        r"code_window: fact_tags__digital\.app_login_count_8d",
        "use _1d, _7d",
    ),
    "a boolean is not called so": (
        lambda p: p.edit(SUITABILITY, "- name: is_risk_assessment_valid", "- name: risk_assessment_valid"),
        r"code_boolean: fact_tags__suitability\.risk_assessment_valid",
        "rename the column",
    ),
    "two tags have one Chinese name": (
        lambda p: p.edit(SUITABILITY, "name_zh: 投资目标", "name_zh: 风险偏好"),
        r"name_unique: fact_tags__suitability\.investment_goal: the Chinese name 风险偏好",
        "say in the name what tells the two apart",
    ),
    "the path is not in the tree": (
        lambda p: p.edit(SUITABILITY, "path: 风险/投资者适当性", "path: 风险/适当"),
        r"path_known: fact_tags__suitability\.risk_level: the path 风险/适当 is no place",
        "choose a path of seed tag_categories",
    ),
    "a place has two parents": (
        lambda p: p.append("seeds/governance/tag_categories.csv", "风险/逾期,行为,行为,动态行为,行为属性"),
        "tree_single_parent: tag_categories: 风险/逾期: the place has 2 parents",
        "keep one row a path",
    ),
    "a text tag does not list its values": (
        lambda p: p.edit(SUITABILITY, "values: {conservative:", "usage: {conservative:"),
        r"values_listed: fact_tags__suitability\.risk_appetite",
        "give values",
    ),
    "a number has no unit": (
        lambda p: p.edit("models/tags/fact/fact_tags__credit.yml", "              unit: points\n", ""),
        r"unit_given: fact_tags__credit\.bureau_credit_score",
        "give unit",
    ),
    "a unit is not in the list": (
        lambda p: p.edit("models/tags/fact/fact_tags__social.yml", "unit: persons", "unit: people"),
        r"unit_known: fact_tags__social\.\w+: the unit people is not in seed units",
        "choose a unit of seed units",
    ),
    "an owner is no longer active": (
        lambda p: p.edit("seeds/governance/owners.csv", "财富管理部,business,true", "财富管理部,business,false"),
        r"owner_active: fact_tags__suitability\.risk_level: the owner 财富管理部 is no longer active",
        "name an active owner",
    ),
    "a scenario is not described": (
        lambda p: p.edit(SUITABILITY, "scenarios: [wealth_recommendation, portrait]", "scenarios: [wealth, portrait]"),
        "scenario_known: .*: the scenario wealth is not in seed scenarios",
        "choose one of seed scenarios",
    ),
    "two tags have one definition": (
        lambda p: same_rule(p, "aum_fund_spot", "aum_trust_spot"),
        r"definition_unique: fact_tags__aum\.aum_fund_spot: .* as fact_tags__aum\.aum_trust_spot",
        "keep one of the tags",
    ),
    "a base tag reads another tag": (
        lambda p: p.append("seeds/catalogue/tag_rule_inputs.csv", "age_years,tag,aum_spot"),
        r"base_reads_no_tag: fact_tags__demographics\.age_years: a fact tag reads the tag aum_spot",
        "make it a rule tag",
    ),
    "the code has changed since the rules were recorded": (
        lambda p: p.edit("models/tags/fact/fact_tags__suitability.sql", "<= assessments", "< assessments"),
        "rule_current: fact_tags__suitability: its SQL",
        "run banktags catalogue sync",
    ),
    "a source column is neither tagged nor excluded": (
        lambda p: p.edit(
            "seeds/governance/untagged_source_columns.csv", "crm.complaints.category,", "crm.complaints.kind,"
        ),
        r"source_covered: crm\.complaints\.category: no tag is made of this source column",
        "add it to seed untagged_source_columns with the reason",
    ),
    "a tag is less sensitive than what it is made of": (
        lambda p: p.edit(SUITABILITY, "name_zh: 投资目标", "name_zh: 投资目标\n              sensitivity: C1"),
        r"class_of_inputs: fact_tags__suitability\.investment_goal: its class C1",
        "raise sensitivity",
    ),
    "a tag is less sensitive than a tag that it reads": (
        lambda p: p.edit(
            APPROVALS,
            "has_travel_preference_90d,health_spending_amount_90d",
            "has_travel_preference_90d,health_spending_amount",
        ),
        r"class_of_input_tags: rule_tags__preferences\.has_travel_preference_90d: .* of health_spending_amount_90d",
        "have a row of seed class_approvals approved",
    ),
    "an approval approves nothing": (
        lambda p: p.append(APPROVALS, "age_years,aum_spot,消费者权益保护部,2026-06-01,,why"),
        "class_approval_needed: class_approvals: age_years, aum_spot",
        "delete the row",
    ),
    "who answers for a tag approves that it is less sensitive": (
        lambda p: p.edit(
            APPROVALS,
            "has_dining_preference_90d,health_spending_amount_90d,消费者权益保护部",
            "has_dining_preference_90d,health_spending_amount_90d,零售金融部",
        ),
        "class_approved_by_another: class_approvals: has_dining_preference_90d, .* by 零售金融部, the owner of the tag",
        "have another department approve it",
    ),
    "a tag is certified that no test covers": (
        lambda p: p.live("aum_avg_365d", "published"),
        r"certified_tested: fact_tags__aum\.aum_avg_365d",
        "add a dbt unit test",
    ),
    "who developed a tag certifies it": (
        lambda p: p.live("investment_goal", "published", reviewer="developer"),
        r"certified_by_another: fact_tags__suitability\.investment_goal: its reviewer developer is its developer",
        "let somebody else certify it",
    ),
    "the dictionary says another status": (
        lambda p: p.edit(SUITABILITY, "name_zh: 投资目标", "name_zh: 投资目标\n              status: certified"),
        r"status_agrees: fact_tags__suitability\.investment_goal: the dictionary says certified",
        "record the steps",
    ),
    "a step is left out": (
        lambda p: p.record(
            "investment_goal,1,requested,2026-06-01,a,,,", "investment_goal,2,published,2026-06-02,a,,,"
        ),
        r"lifecycle_transition: fact_tags__suitability\.investment_goal: step 2 goes from requested to published",
        "go on to defined, retired",
    ),
    "a certified rule has changed": (
        lambda p: certified_otherwise(p, "age_years"),
        r"certified_rule_unchanged: fact_tags__demographics\.age_years",
        "run banktags catalogue certify age_years --by",
    ),
    "a deprecated tag names no successor": (
        lambda p: (
            p.live("investment_goal", "deprecated"),
            p.edit(SUITABILITY, "name_zh: 投资目标", "name_zh: 投资目标\n              status: deprecated"),
        ),
        r"deprecated_successor: fact_tags__suitability\.investment_goal",
        "name in the entry the tag to use in its place",
    ),
    "a tag retires that another tag and an album read": (
        lambda p: p.live("demand_deposit_spot", "retired"),
        r"retired_unread: fact_tags__aum\.demand_deposit_spot: .* read by .*the tag wealth_desk__has_idle_cash",
        "let the readers use its successor first",
    ),
    "a tag retires that an audience reads": (
        lambda p: p.live("is_marketing_responsive_90d", "retired"),
        r"retired_unread: .*is_marketing_responsive_90d: .* read by .*the audience responsive_customers",
        "let the readers use its successor first",
    ),
    "a derived tag reads a draft of a rule": (
        lambda p: p.append("seeds/catalogue/tag_rule_inputs.csv", "wealth_desk__has_idle_cash,tag,rfm_pattern"),
        r"derived_reads_certified: .*wealth_desk__has_idle_cash: it is made of rfm_pattern, which is draft",
        "have that tag certified first",
    ),
    "a derived tag has another owner's name": (
        lambda p: p.edit(WEALTH_DESK, "- name: wealth_desk__has_idle_cash", "- name: has_idle_cash"),
        r"code_owner: derived_tags__wealth_desk\.has_idle_cash",
        "rename the column wealth_desk__has_idle_cash",
    ),
    "an owner approves an album of their own": (
        lambda p: p.edit(STARTER_ALBUM, "approved_by: 数据平台部", "approved_by: 零售金融部"),
        "album_approved: album retail_starter_album: its owner 零售金融部 approved it",
        "let another than the owner approve it",
    ),
    "an album holds an unknown tag": (
        lambda p: p.edit(STARTER_ALBUM, "tags: [age_years", "tags: [age"),
        "album_tag_known: album retail_starter_album: it holds age, which is no tag",
        "correct the code",
    ),
    "a public album holds a draft": (
        lambda p: p.edit(STARTER_ALBUM, "tags: [age_years", "tags: [city_tier"),
        "album_tag_certified: album retail_starter_album: it is public and holds city_tier, which is draft",
        "have the tag certified first",
    ),
    "the lineage does not show what an album reads": (
        lambda p: p.edit(STARTER_ALBUM, "      - ref('segment__rfm')\n", ""),
        "album_lineage: album retail_starter_album: it holds rfm_class but does not depend on segment__rfm",
        "add a ref",
    ),
    "a term of the glossary is no column": (
        lambda p: p.edit("seeds/governance/glossary.csv", "fact_tags__aum.aum_spot", "fact_tags__aum.aum"),
        r"glossary_resolves: glossary: AUM: no model or seed has the column fact_tags__aum\.aum",
        "correct implemented_by",
    ),
    "an exception excepts nothing": (
        lambda p: p.append("seeds/governance/governance_exceptions.csv", "unit_given,fact_tags__aum.aum_spot,why,who,"),
        r"exception_needed: governance_exceptions: unit_given, fact_tags__aum\.aum_spot",
        "delete the row",
    ),
}


def same_rule(project: Project, one: str, other: str) -> None:
    path = project.folder / "seeds/catalogue/tag_rules.csv"
    with path.open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    by_code = {row["tag_code"]: row for row in rows}
    by_code[other]["rule_hash"] = by_code[one]["rule_hash"]
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, fieldnames=list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


def defined_in_chinese(project: Project, text: str) -> None:
    """Give investment_goal another Chinese definition; none for an empty text."""
    path = project.folder / SUITABILITY
    line = f'\n              definition_zh: "{text}"' if text else ""
    old = r'(name_zh: 投资目标)\n +definition_zh: "[^"]*"'
    edited, count = re.subn(old, rf"\g<1>{line}", path.read_text(encoding="utf-8"))
    assert count == 1, f"{SUITABILITY} does not have {old!r}"
    path.write_text(edited, encoding="utf-8")


def certified_otherwise(project: Project, tag_code: str) -> None:
    """As if another rule of a tag had been certified last."""
    rows = [row for row in read_steps(project.folder) if row["tag_code"] == tag_code]
    number = len(rows)
    steps = ("developed", "verified", "certified", "published")
    project.record(
        *(
            f"{tag_code},{number + at},{state},{rows[-1]['event_date']},{'a' if state == 'certified' else 'b'},"
            f"{'r000000000000000' if state == 'certified' else ''},,"
            for at, state in enumerate(steps, start=1)
        )
    )


def batches() -> list[list[str]]:
    """The faults in groups of which no two share a subject: none of a group hides another."""
    groups: list[dict[str, str]] = []
    for fault, (_, said, _) in FAULTS.items():
        shared = SUBJECT.search(said)
        subject = shared.group() if shared else said
        open_groups = [group for group in groups if subject not in group and len(group) < 6]
        if not open_groups:
            groups.append({})
        (open_groups or groups[-1:])[0][subject] = fault
    return [list(group.values()) for group in groups]


@pytest.fixture(scope="module")
def printed(sound) -> Callable[[str], str]:
    """What the failing build printed in which a fault was planted."""

    @cache
    def build(group: tuple[str, ...]) -> str:
        for fault in group:
            FAULTS[fault][0](sound)
        ok, output = sound.build()
        restore(sound)
        assert not ok
        return output

    group_of = {fault: tuple(group) for group in batches() for fault in group}
    return lambda fault: build(group_of[fault])


@pytest.mark.parametrize("fault", FAULTS)
def test_each_fault_fails_the_build_by_name(printed, fault):
    _, said, remedy = FAULTS[fault]
    output = printed(fault)
    assert re.search(f"{said}.*Remedy: .*{remedy}", output), output[-3000:]
    assert f"#!/checks/{said.partition(':')[0]}" in output, "the page of the check is not named"


def test_an_exception_with_its_reason_lets_a_fault_stand(project):
    project.edit("models/tags/fact/fact_tags__credit.yml", "              unit: points\n", "")
    row = "unit_given,fact_tags__credit.bureau_credit_score,The bureau does not say,数据平台部,2099-01-01"
    project.append("seeds/governance/governance_exceptions.csv", row)
    ok, printed = project.build()
    assert ok, printed
