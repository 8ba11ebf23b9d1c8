"""Effective entries of the tag dictionary: what a column inherits. Faults are planted in test_tag_violations."""

import pytest

from banktags.catalogue.entries import DIMENSIONS, tag_entries


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


def test_fact_tags_cover_the_five_dimensions(manifest):
    facts = [entry for entry in tag_entries(manifest) if entry.kind == "fact"]
    assert {entry.dimension for entry in facts} == set(DIMENSIONS)
    assert len(facts) >= 80
