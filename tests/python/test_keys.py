"""The key of the keyed hashes: which one a run takes; that no artefact holds it; braces in texts that dbt renders."""

import re
from pathlib import Path

import duckdb
import pytest
from dbt.cli.main import dbtRunner
from dbt_warehouse import KEY

from banktags.contract import PROJECT_ROOT
from banktags.keys import DEMO_KEY, SHOWN, key_fault
from banktags.rendered_texts import braces_in_texts, key_in_texts
from banktags.warehouse import no_warehouse


@pytest.fixture
def extracts(tmp_path) -> Path:
    """A landing zone with one batch of a bank's own."""
    file = tmp_path / "raw" / "core" / "customers" / "dt=2026-06-30" / "part-0.parquet"
    file.parent.mkdir(parents=True)
    file.touch()
    return tmp_path / "raw"


@pytest.mark.parametrize(
    ("key", "says"),
    [
        ("", "is not set"),
        ("x", "fewer than 16 characters"),
        ("fifteen-letters", "fewer than 16 characters"),
        ("a" * 64, "different characters"),
        ("ababababababababab", "different characters"),
        (DEMO_KEY, "published demo key"),
        (DEMO_KEY.upper(), "published demo key"),
        (f" {DEMO_KEY} ", "published demo key"),
        (f"{DEMO_KEY}-1", "published demo key"),
        (DEMO_KEY.replace("-", "_"), "published demo key"),
        (SHOWN, "published demo key"),
        ("      a secret      ", "begins or ends with a blank"),
        ("a secret of the bank\n", "begins or ends with a blank"),
        ("<a secret of your bank>", "angle bracket"),
        ("it's a secret of the bank", "quote"),
        ("a secret {{ of }} the bank", "brace"),
        ("a secret of the bank", None),
        ("0123456789abcdef0123456789abcdef", None),
        ("本行的密钥请勿外传给任何人谢谢您了", None),
    ],
)
def test_a_key_that_protects_nobody_is_refused_for_a_banks_own_extracts(extracts, key, says):
    fault = key_fault(key, extracts)
    assert says in fault if says else fault is None, fault
    assert not fault or len(key) < 16 or key == DEMO_KEY or key not in fault, "the key is not told"


def test_the_demo_bank_needs_no_key_and_a_loaded_one_does(extracts):
    (extracts / "_truth").mkdir()
    assert key_fault("", extracts) is None
    assert key_fault(DEMO_KEY, extracts) is None
    assert "fewer than 16" in key_fault("x", extracts)
    (extracts / "_load").mkdir()
    assert "is not set" in key_fault("", extracts)


def test_nothing_landed_needs_no_key(tmp_path):
    (tmp_path / "core" / "customers" / "dt=1900-01-01").mkdir(parents=True)
    (tmp_path / "core" / "customers" / "dt=1900-01-01" / "empty.parquet").touch()
    assert key_fault("", tmp_path) is None


def test_what_dbt_renders_is_not_shown_the_key(parsed_project, monkeypatch, tmp_path, capsys):
    """Not in a description, a model, a hook or a macro, whatever name they give it."""
    monkeypatch.setenv("DBT_TARGET_PATH", str(tmp_path / "target"))
    folders = ["--project-dir", str(PROJECT_ROOT), "--profiles-dir", str(PROJECT_ROOT)]
    told = 'select \'{{ env_var("BANK_TAGS_PII_" ~ "KEY") }}\' as told'
    with no_warehouse():
        result = dbtRunner(manifest=parsed_project).invoke(["--quiet", "compile", *folders, "--inline", told])
    assert result.success, result.exception
    said = capsys.readouterr().out
    assert SHOWN in said and KEY not in said


def test_no_artefact_of_a_build_holds_the_key(demo_warehouse):
    """Neither the manifest and all else in target, nor what was printed, nor the warehouse."""
    files = [path for path in demo_warehouse.folder.rglob("*") if path.is_file()]
    assert any(path.name == "manifest.json" for path in files)
    assert [path for path in files if KEY.encode() in path.read_bytes()] == []


def test_no_account_or_card_number_stands_in_the_warehouse(demo_warehouse):
    """As a key, as a part of one or as text, in any table or view; the quarantined rows among them."""
    raw = demo_warehouse.raw
    with duckdb.connect(str(demo_warehouse.database), read_only=True) as con:
        con.execute("create temp table numbers (number varchar)")
        for table, column in (("core/accounts", "account_id"), ("card/cards", "card_id"), ("card/cards", "card_no")):
            con.execute(f"insert into numbers select distinct {column} from read_parquet('{raw}/{table}/*/*.parquet')")
        relations = con.execute(
            """
            select schema_name || '.' || table_name, list(column_name) from duckdb_columns()
            where not internal and database_name = current_database() and data_type = 'VARCHAR'
            group by all
            """
        ).fetchall()
        found = []
        for relation, columns in relations:
            texts = ", ".join(f'"{column}"' for column in columns)
            found += con.execute(
                f"""
                with texts as (
                    select distinct unnest($columns) as column_name, unnest([{texts}]) as text from {relation}
                ),
                parts as (
                    select column_name, unnest([text, split_part(text, '/', 1), split_part(text, '|', 1)]) as part
                    from texts
                )
                select distinct $relation, column_name from parts inner join numbers on part = number
                """,
                {"columns": columns, "relation": relation},
            ).fetchall()
    assert sum(len(columns) for _, columns in relations) > 1000
    assert found == []


@pytest.mark.parametrize(
    "sql",
    [
        "select getvariable('pii_key') as told",
        "select getvariable('pii' || '_key') as told",
        "select GETVARIABLE ( name ) as told from names",
        "select value from duckdb_variables()",
        "select '${spark.banktags.pii.key}' as told",
        "select '{{ env_var(\"BANK_TAGS_PII_KEY\") }}' as told",
    ],
)
def test_sql_that_would_select_the_key_is_named(tmp_path, sql):
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "m.sql").write_text(f"-- A model.\n{sql}\n", encoding="utf-8")
    (fault,) = key_in_texts(tmp_path)
    assert re.match(r"models/m\.sql, line 2: \S+.* reads the key of the hashes", fault), fault


def test_the_project_renders_what_is_allowed_and_none_but_its_own_macros_read_the_key():
    assert braces_in_texts() == []
    assert key_in_texts() == []


@pytest.mark.parametrize(
    "text",
    [
        "description: \"key {{ env_var('BANK_TAGS_PII_KEY') }}\"",
        "description: '{{env_var(\"HOME\")}}'",
        'description: "{% set a = 1 %}"',
        'description: "{# a note #}"',
        "meta: {note: \"{{ doc('owner') ~ env_var('HOME') }}\"}",
        "description: \"{{ doc('owner') }} {{ target }}\"",
        "description: \"{{ env_var('BANK_TAGS_RAW', 'data/raw') | upper }}\"",
        "description: >-\n  two lines {{\n  env_var('HOME') }}",
        "description: \"{{- doc('owner') }}\"",
    ],
)
def test_braces_in_a_text_are_named_with_their_line(tmp_path, text):
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "m.yml").write_text(f"version: 2\n{text}\n", encoding="utf-8")
    faults = braces_in_texts(tmp_path)
    assert faults and re.match(r"models/m\.yml, line [23]: \{[{%#] is run by dbt", faults[0]), faults


def test_dbt_stops_before_it_renders_a_text_with_braces(monkeypatch):
    monkeypatch.setattr("dbt_bank_tags.braces_in_texts", lambda: ["models/m.yml, line 2: {{ is run by dbt, not shown"])
    folder = str(PROJECT_ROOT)
    result = dbtRunner().invoke(["--quiet", "parse", "--project-dir", folder, "--profiles-dir", folder])
    assert "models/m.yml, line 2" in str(result.exception)
