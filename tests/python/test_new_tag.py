"""``banktags new tag``: its rule is a condition like any other, and what it writes is parsed as any derived tag is."""

import shutil
from pathlib import Path

import pytest
import typer
import yaml
from sqlfluff.core import FluffConfig, Linter

from banktags.conditions.derived_models import read_derived_model
from banktags.conditions.known import of_project
from banktags.contract import PROJECT_ROOT
from banktags.new_tag import BUILT_WITH, Words, scaffold

WORDS = Words("百万客户", "Month-average AUM of a million: or more", "月日均AUM不低于100万元的客户。")
MODEL = "models/tags/derived/derived_tags__branch_beijing"


@pytest.fixture
def root(tmp_path) -> Path:
    for folder in ("models", "seeds"):
        shutil.copytree(PROJECT_ROOT / folder, tmp_path / folder)
    return tmp_path


def test_what_is_written_is_admitted_and_says_the_rule(root):
    rules = {
        "is_million_customer": "aum_month_avg >= 1000000",
        "is_recent": "within_days(wealth_purchase, 30) and not (service_tier = 'vip' or AUM_SPOT > 1)",
        "is_young": "account_first_opened_date >= '2026-01-01'",
    }
    for name, rule in rules.items():
        scaffold(root, name, "branch_beijing", rule, WORDS)
    read = read_derived_model(root / f"{MODEL}.sql", Path(MODEL), of_project(root), {})
    assert set(read.tags) == {
        *("aum_month_avg", "wealth_purchase_recency_days", "service_tier", "aum_spot", "account_first_opened_date")
    }
    columns = yaml.safe_load((root / f"{MODEL}.yml").read_text(encoding="utf-8"))["models"][0]["columns"]
    assert [column["name"] for column in columns][2:] == [f"branch_beijing__{name}" for name in rules]


#: Rules of one comparison and of many, short and longer than a line.
RULES = {
    "is_million_customer": "aum_month_avg >= 1000000",
    "is_recent": "within_days(wealth_purchase, 30) and not (service_tier = 'vip' or aum_spot > 1)",
    "has_much": "aum_month_avg between 1 and 20 and service_tier in ('vip', 'mass') or "
    "coalesce(aum_spot, 0) > nullif(aum_month_avg, 0) / 2 and "
    "(account_first_opened_date < date '2026-01-01' or aum_spot is null)",
}


@pytest.mark.parametrize("owner", ["hq", "branch_beijing", "credit_card_centre_of_the_eastern_region"])
def test_what_is_written_passes_the_linter(root, owner):
    """By the rules of .sqlfluff; without the templater of dbt, which would parse the whole project."""
    for name, rule in RULES.items():
        scaffold(root, name, owner, rule, WORDS)
    config = FluffConfig.from_path(str(PROJECT_ROOT), overrides={"templater": "jinja"})
    for path in (root / f"models/tags/derived/derived_tags__{owner}.sql", root / "models/tags/wide/customer_tags.sql"):
        linted = Linter(config=config).lint_string(path.read_text(encoding="utf-8"))
        assert [(found.line_no, found.desc()) for found in linted.get_violations()] == []
        assert config.get("max_line_length") >= max(map(len, path.read_text(encoding="utf-8").splitlines()))


def test_contributing_says_how_to_build_it_as_the_command_does():
    assert BUILT_WITH.format(model="derived_tags__branch_beijing") in (PROJECT_ROOT / "CONTRIBUTING.md").read_text(
        "utf-8"
    )
    folders = [part.removeprefix("path:") for part in BUILT_WITH.split() if part.startswith("path:")]
    assert [folder for folder in folders if not (PROJECT_ROOT / folder).is_dir()] == []


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        ("columns('aum.*') > 1", "columns is no function"),
        ("true) or (true", "closes nothing"),
        ("aum_spt > 1", "aum_spt is no tag; nearest: aum_spot"),
        ("{{ 1 }} = 1", "only {{ within_days"),
        ("customer_id = 'C1'", "customer_id is no tag"),
        ("aum_spot", "no yes or no"),
        ("1 = 1", "reads no tag"),
        ("aum_spot > (select 1)", "reads no table"),
    ],
)
def test_a_rule_that_is_no_condition_is_refused(root, rule, message):
    with pytest.raises(typer.BadParameter, match=message):
        scaffold(root, "is_x", "branch_beijing", rule, WORDS)
    assert not (root / f"{MODEL}.sql").exists()


@pytest.mark.parametrize("text", ["", "{{ env_var('KEY') }}", 'x"\n  config: y', 'say "so"', "a\\b", "x\x1b[2J"])
def test_texts_are_words(root, text):
    with pytest.raises(typer.BadParameter, match="one line of words"):
        scaffold(root, "is_x", "branch_beijing", "aum_spot > 1", Words("名", text, "口径"))
