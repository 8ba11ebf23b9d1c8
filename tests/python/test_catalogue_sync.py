"""``banktags catalogue sync`` reads only what has changed: a word of SQL counts, a comment does not."""

import copy
from pathlib import Path

import pytest
from test_tag_rules import AS_OF, JUDGED, LOANS, PLAIN, project_of

from banktags.catalogue import sync
from banktags.catalogue.entries import tag_entries
from banktags.catalogue.project import Project
from banktags.catalogue.records import Kept, TagRecord, record_keys, record_of
from banktags.catalogue.rules import Rules
from banktags.catalogue.sql_words import WORDS, code_checksum, project_words, words
from banktags.contract import PROJECT_ROOT

SQL = "select 'it''s -- text' as a, -- a comment, don't\n    b /* another */\nfrom {# not shown #} {{ ref('c') }}"


def test_comments_and_spaces_are_no_words():
    assert words(SQL) == "select 'it''s -- text' as a , b from { { ref ( 'c' ) } }"
    assert words(SQL.replace("\n", "\n\n").replace("another", "a third")) == words(SQL)
    assert words(SQL.replace("-- text", "--  text")) != words(SQL)
    assert words("a <= 1") != words("a < 1")


# The checksum by which a build knows whether the recorded rules are those of the code


@pytest.mark.parametrize(
    ("upstream", "is_same"),
    [
        (LOANS + " -- a comment", True),
        (" ".join(LOANS.split()), True),
        (LOANS.replace("sum(paid)", "max(paid)"), False),
    ],
    ids=["comment", "spaces", "another function"],
)
def test_the_checksum_knows_the_words_of_all_models_upstream(upstream, is_same):
    recorded = code_checksum(project_of(PLAIN), "fact_tags__a")
    assert (code_checksum(project_of(PLAIN, upstream_sql=upstream), "fact_tags__a") == recorded) is is_same


def test_the_macro_reads_sql_with_the_same_pattern():
    macro = (PROJECT_ROOT / "macros/dictionary/tag_entries.sql").read_text(encoding="utf-8")
    pattern = macro.split("set pattern -%}")[1].split("{%- endset")[0].strip()
    assert pattern == WORDS.pattern.replace('\\"', '"')


# Records that are kept


def keys_of(manifest: dict) -> dict[str, str]:
    key = record_keys(Project(manifest, AS_OF), "this program")
    return {entry.code: key(entry) for entry in tag_entries(manifest)}


def test_only_the_tags_of_what_has_changed_are_read_anew():
    share = PLAIN.replace("as rate", "as share")
    before = keys_of(project_of(PLAIN, share))
    assert keys_of(project_of(PLAIN + " -- a comment", " ".join(share.split()))) == before
    one_changed = keys_of(project_of(PLAIN.replace("/", "*"), share))
    assert [tag for tag in before if one_changed[tag] != before[tag]] == ["rate"]
    upstream_changed = keys_of(project_of(PLAIN, share, LOANS.replace("sum(amount)", "max(amount)")))
    assert [tag for tag in before if upstream_changed[tag] != before[tag]] == ["rate", "share"]


@pytest.mark.parametrize(
    "change",
    [
        lambda manifest: manifest["nodes"]["model.p.fact_tags__a"]["columns"]["rate"].update(data_type="boolean"),
        lambda manifest: manifest["nodes"]["seed.p.bands"]["config"]["column_types"].update(low="int"),
        lambda manifest: manifest["sources"]["source.p.core.loans"]["columns"].update(fee={}),
        lambda manifest: manifest["nodes"].update(
            {
                "test.p.unique": {
                    "name": "unique",
                    "resource_type": "test",
                    "column_name": "low",
                    "attached_node": "seed.p.bands",
                    "test_metadata": {"name": "unique", "kwargs": {}},
                }
            }
        ),
    ],
    ids=["type of a tag", "type of a seed", "column of a source", "a test of uniqueness"],
)
def test_what_else_a_record_is_made_of_has_it_read_anew(change):
    manifest = project_of(JUDGED)
    before = keys_of(manifest)
    changed = copy.deepcopy(manifest)
    change(changed)
    assert keys_of(changed) != before


def test_a_kept_record_is_the_one_that_was_made(tmp_path):
    manifest = project_of(JUDGED)
    rules = Rules(Project(manifest, AS_OF))
    (entry,) = tag_entries(manifest)
    first = Kept(tmp_path / "records.json")
    made = first.get("key", lambda: record_of(entry, rules))
    first.write()

    def not_again() -> TagRecord:
        raise AssertionError("it was kept")

    assert Kept(tmp_path / "records.json").get("key", not_again) == made
    (tmp_path / "records.json").write_text('{"key": {"ru', encoding="utf-8")
    assert Kept(tmp_path / "records.json").get("key", lambda: made) == made


# The files of the project


@pytest.fixture
def files(tmp_path) -> Path:
    for name, text in {
        "models/a.sql": "select 1 as one",
        "models/a.yml": "models: []",
        "seeds/policy/p.csv": "rule,value\na,1\n",
        "seeds/catalogue/tag_rules.csv": "tag_code\n",
        "seeds/governance/tag_lifecycle_events.csv": "tag_code\n",
        "dbt_project.yml": "name: p",
    }.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path


@pytest.mark.parametrize(
    ("name", "text", "is_same"),
    [
        ("models/a.sql", "-- one\nselect\n    1 as one\n", True),
        ("seeds/catalogue/tag_rules.csv", "tag_code\na\n", True),
        ("seeds/governance/tag_lifecycle_events.csv", "tag_code\na\n", True),
        ("models/a.sql", "select 2 as one", False),
        ("models/a.yml", "models: [{name: a}]", False),
        ("seeds/policy/p.csv", "rule,value\na,2\n", False),
        ("models/b.sql", "select 1 as one", False),
        ("macros/m.sql", "{% macro m() %}{% endmacro %}", False),
    ],
)
def test_the_words_of_a_project(files, name, text, is_same):
    before = project_words(files)
    (files / name).parent.mkdir(parents=True, exist_ok=True)
    (files / name).write_text(text, encoding="utf-8")
    assert (project_words(files) == before) is is_same


def test_without_a_changed_word_nothing_is_parsed(monkeypatch, tmp_path):
    compiled: list[Path] = []
    text = {sync.WIDE_MART: "version: 2\n"}
    monkeypatch.setattr(sync, "compiled_manifest", lambda folder: compiled.append(folder) or {})
    monkeypatch.setattr(sync, "catalogue_files", lambda manifest, kept: text)
    state = ["one"]
    monkeypatch.setattr(sync, "project_words", lambda root: state[0])
    assert sync.synced_files(tmp_path) == sync.synced_files(tmp_path) == text
    assert compiled == [tmp_path]
    state[0] = "other"
    assert sync.synced_files(tmp_path) == text
    assert compiled == [tmp_path, tmp_path]
