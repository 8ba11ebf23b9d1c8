"""The tag dictionary: every tag has a complete entry, and the check says so when one has not."""

import csv
from dataclasses import replace

import pytest

from banktags.catalogue.entries import DIMENSIONS, TagEntry, dictionary_problems, tag_entries
from banktags.contract import PROJECT_ROOT

COMPLETE = TagEntry(
    code="app_login_count_7d",
    model="fact_tags__digital",
    data_type="int",
    definition="Times the customer logged in.",
    name_zh="近7天登录次数",
    kind="fact",
    path="行为/线上行为/登录",
    timeliness="daily",
    unit="times",
    null_means="No mobile bank.",
    owner_business="零售金融部",
    owner_technical="数据平台部",
    status="certified",
    sensitivity="C2",
    security_level=3,
    scenarios=("promotion",),
    since="0.1.0",
    version="1.0",
    usage="Activity.",
)


def manifest_of(columns: dict, folder_defaults: dict, model_defaults: dict) -> dict:
    """The part of a manifest that the catalogue reads, for one fact tag model."""
    return {
        "nodes": {
            "model.bank_tags.fact_tags__digital": {
                "resource_type": "model",
                "name": "fact_tags__digital",
                "fqn": ["bank_tags", "tags", "fact", "fact_tags__digital"],
                "config": {"meta": {"folder_tag_defaults": folder_defaults, "tag_defaults": model_defaults}},
                "columns": {
                    name: {"name": name, "data_type": "int", "description": "Text.", "config": {"meta": {"tag": tag}}}
                    for name, tag in {"customer_id": {}, "as_of_date": {}, **columns}.items()
                },
            },
            "model.bank_tags.stg_core__customers": {
                "resource_type": "model",
                "name": "stg_core__customers",
                "fqn": ["bank_tags", "staging", "core", "stg_core__customers"],
                "config": {},
                "columns": {"name": {}},
            },
        }
    }


def test_column_wins_over_model_and_model_over_folder():
    folder = {"kind": "fact", "status": "draft", "unit": "times", "scenarios": ["a", "b"]}
    model = {"status": "certified", "unit": "days"}
    (entry,) = tag_entries(manifest_of({"login_days": {"unit": "minutes"}}, folder, model))
    assert (entry.kind, entry.status, entry.unit) == ("fact", "certified", "minutes")
    assert entry.scenarios == ("a", "b")


def test_a_misspelt_field_is_refused_by_name():
    with pytest.raises(ValueError, match=r"fact_tags__digital\.login_days: .* does not know name_cn"):
        tag_entries(manifest_of({"login_days": {"name_cn": "登录天数"}}, {}, {}))


def test_a_complete_entry_has_no_problem():
    assert COMPLETE.problems() == []


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"null_means": None}, "null_means is missing"),
        ({"definition": ""}, "definition is missing"),
        ({"scenarios": ()}, "scenarios is missing"),
        ({"kind": "guess"}, "kind is 'guess'"),
        ({"security_level": 6}, "security_level is 6"),
        ({"code": "App__logins"}, "lower case words"),
        ({"code": "app_login_count_60d"}, "window _60d"),
        ({"code": "is_app_login"}, "boolean"),
        ({"data_type": "boolean"}, "boolean"),
        ({"path": "线上/登录"}, "must start with"),
        ({"data_type": "string"}, "lists its values"),
        ({"unit": None}, "says its unit"),
        ({"status": "deprecated"}, "successor"),
    ],
)
def test_each_defect_is_named(change, said):
    (problem,) = replace(COMPLETE, **change).problems()
    assert problem.startswith("fact_tags__digital.") and said in problem


def test_two_tags_never_share_a_code_or_a_chinese_name():
    same_name = replace(COMPLETE, code="app_logins_7d")
    assert [p for p in dictionary_problems([COMPLETE, same_name]) if "name_zh" in p]
    assert [p for p in dictionary_problems([COMPLETE, replace(COMPLETE, model="other")]) if "code" in p]


def test_every_tag_of_the_project_has_a_complete_entry(manifest):
    assert dictionary_problems(tag_entries(manifest)) == []


def test_fact_tags_cover_the_five_dimensions(manifest):
    facts = [entry for entry in tag_entries(manifest) if entry.kind == "fact"]
    assert {entry.dimension for entry in facts} == set(DIMENSIONS)
    assert len(facts) >= 80


def test_every_scenario_that_a_tag_serves_is_described(manifest):
    with (PROJECT_ROOT / "seeds" / "policy" / "scenarios.csv").open(encoding="utf-8") as rows:
        described = {row["scenario"] for row in csv.DictReader(rows)}
    assert {scenario for entry in tag_entries(manifest) for scenario in entry.scenarios} <= described
