"""The record of the tags' lives: steps are appended, and what is on record never changes unnoticed."""

import csv
import datetime
import shutil
import subprocess
from pathlib import Path

import pytest
import typer

from banktags.catalogue import append_only, certificates
from banktags.catalogue.append_only import NoBase, changed_steps
from banktags.catalogue.certificates import EVENTS, TAG_RULES, ChainError, append, chain_faults, read_steps, seal
from banktags.catalogue.certify import append_certificates, certified_hash
from banktags.contract import PROJECT_ROOT

DAY = datetime.date(2026, 12, 1)


@pytest.fixture
def root(tmp_path) -> Path:
    """A folder with the record and the rules of the project."""
    for seed in (EVENTS, TAG_RULES):
        (tmp_path / seed).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(PROJECT_ROOT / seed, tmp_path / seed)
    return tmp_path


def edited(root: Path, old: str, new: str) -> None:
    text = (root / EVENTS).read_text(encoding="utf-8")
    assert old in text
    (root / EVENTS).write_text(text.replace(old, new, 1), encoding="utf-8")


def rule_changed(root: Path, tag: str) -> None:
    """Another digest of a tag's rule, as ``banktags catalogue sync`` would record it."""
    rows = certificates.read_rows(root / TAG_RULES)
    for row in rows:
        row["rule_hash"] = "r-another" if row["tag_code"] == tag else row["rule_hash"]
    with (root / TAG_RULES).open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, fieldnames=list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


def life(root: Path, tag: str) -> list[dict[str, str]]:
    return [step for step in read_steps(root) if step["tag_code"] == tag]


# The chain


def test_the_record_of_the_project_is_as_it_was_appended():
    assert chain_faults(PROJECT_ROOT) == []


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("age_years,5,certified,2026-05-18", "age_years,5,certified,2026-05-19"),
        ("age_years,5,certified,2026-05-18,零售金融部", "age_years,5,certified,2026-05-18,数据平台部"),
        ("age_years,6,published", "age_years,6,monitored"),
    ],
    ids=["date", "actor", "state"],
)
def test_an_edited_row_breaks_the_chain(root, old, new):
    edited(root, old, new)
    (fault,) = chain_faults(root)
    line, step = ("6", "5") if "5,certified" in old else ("7", "6")
    assert fault.startswith(f"{EVENTS}, line {line}: step {step} of age_years: it, or a step before it, is another one")
    assert "Remedy: restore the record" in fault and "banktags catalogue certify" in fault


def test_a_row_taken_away_or_put_in_breaks_the_chain(root):
    lines = (root / EVENTS).read_text(encoding="utf-8").splitlines(keepends=True)
    (root / EVENTS).write_text("".join([*lines[:3], *lines[4:]]), encoding="utf-8")
    assert "step 4 of age_years" in chain_faults(root)[0]
    (root / EVENTS).write_text("".join([*lines[:4], "age_years,3,verified,2026-03-16,a,,,\n", *lines[4:]]))
    assert "step 3 of age_years: it has no chain" in chain_faults(root)[0]


def test_a_certificate_of_another_rule_breaks_the_chain(root):
    step = next(step for step in reversed(life(root, "aum_tier")) if step["to_state"] == "certified")
    start = ",".join(step[field] for field in certificates.FIELDS[:5])
    edited(root, f"{start},{step['rule_hash']}", f"{start},r0123456789abcde")
    assert f"step {step['sequence_no']} of aum_tier" in chain_faults(root)[0]


def test_of_many_broken_records_three_are_told(root):
    text = (root / EVENTS).read_text(encoding="utf-8").replace("数据平台部-测试岗", "某人")
    (root / EVENTS).write_text(text, encoding="utf-8")
    *told, more = chain_faults(root)
    assert len(told) == 3
    assert more == f"{EVENTS}: the same of {len({step['tag_code'] for step in read_steps(root)}) - 3} more tags."


def test_dbt_builds_nothing_on_a_changed_record(monkeypatch):
    """The guard is asked before dbt parses."""
    from dbt.cli.main import dbtRunner

    monkeypatch.setattr("dbt_bank_tags.chain_faults", lambda _: ["line 6: step 5 of age_years: another one"])
    folders = ("--project-dir", str(PROJECT_ROOT), "--profiles-dir", str(PROJECT_ROOT))
    result = dbtRunner().invoke(["--quiet", "parse", *folders])
    assert not result.success
    assert "step 5 of age_years: another one" in str(result.exception)
    assert "Nothing was built." in str(result.exception)


def test_rows_from_elsewhere_get_their_chain_at_the_end_of_a_record_only(root):
    with (root / EVENTS).open("a", encoding="utf-8") as file:
        file.write("a_new_tag,1,requested,2026-12-01,a,,,\na_new_tag,2,defined,2026-12-02,a,,,\n")
    assert "step 1 of a_new_tag: it has no chain" in chain_faults(root)[0]
    assert seal(root) == 2
    assert chain_faults(root) == []
    edited(root, "a_new_tag,1,requested,2026-12-01", "a_new_tag,1,requested,2026-11-01")
    with pytest.raises(ChainError, match="step 1 of a_new_tag"):
        seal(root)


# New certificates


def test_a_changed_rule_is_certified_by_appended_rows(root):
    before = read_steps(root)
    rule_changed(root, "aum_tier")
    assert append_certificates(root, None, "复核岗", DAY, "Tiers from 1 January") == ["aum_tier"]
    after = read_steps(root)
    added = [step for step in after if step not in before]
    assert [step for step in after if step in before] == before
    assert [step["to_state"] for step in added] == ["developed", "verified", "certified", "published"]
    assert {step["event_date"] for step in added} == {"2026-12-01"}
    certified = added[2]
    assert (certified["actor"], certified["rule_hash"]) == ("复核岗", "r-another")
    assert certified["note"] == "Tiers from 1 January"
    assert certified_hash(life(root, "aum_tier")) == "r-another"
    assert chain_faults(root) == []
    # Nothing is left to certify.
    assert append_certificates(root, None, "复核岗", DAY, "again") == []
    assert read_steps(root) == after


@pytest.mark.parametrize(
    ("tags", "reviewer", "date", "said"),
    [
        (["aum_tiers"], "复核岗", DAY, "aum_tiers is no tag"),
        (["age_years"], "复核岗", DAY, "the rule of age_years is the one that was certified"),
        (["aum_tier"], "数据平台部-开发岗", DAY, "let somebody else certify it"),
        (["aum_tier"], "复核岗", datetime.date(2026, 1, 1), "the last step of aum_tier is of"),
        (["city_tier"], "复核岗", DAY, "city_tier is at nothing on record: take it to verified first"),
    ],
)
def test_what_can_not_be_certified_changes_nothing(root, tags, reviewer, date, said):
    rule_changed(root, "aum_tier")
    before = (root / EVENTS).read_text(encoding="utf-8")
    with pytest.raises(typer.BadParameter, match=said):
        append_certificates(root, tags, reviewer, date, "why")
    assert (root / EVENTS).read_text(encoding="utf-8") == before


def test_nothing_is_appended_to_a_changed_record(root):
    edited(root, "age_years,6,published", "age_years,6,monitored")
    with pytest.raises(ChainError, match="step 6 of age_years"):
        append(root, [{"tag_code": "age_years", "to_state": "deprecated", "event_date": "2026-12-01", "actor": "a"}])


# What git has


def git(root: Path, *arguments: str) -> str:
    identity = ("-c", "user.name=t", "-c", "user.email=t@example.com", "-c", "commit.gpgsign=false")
    ran = subprocess.run(["git", *identity, "-C", str(root), *arguments], capture_output=True, text=True, check=True)
    return ran.stdout


@pytest.fixture
def main_line(root, monkeypatch) -> Path:
    """The record in the main line of a repository of its own, and a branch of it checked out."""
    monkeypatch.delenv(append_only.PULL_REQUEST_BASE, raising=False)
    git(root, "init", "-q", "-b", "main")
    git(root, "add", ".")
    git(root, "commit", "-q", "-m", "the record")
    git(root, "checkout", "-q", "-b", "work")
    return root


def chain_anew(root: Path) -> None:
    """What somebody would do who knows how: compute the whole chain anew, so that only git knows better."""
    steps = [{**step, "chain": ""} for step in read_steps(root)]
    certificates._write(root, steps)
    seal(root)
    assert chain_faults(root) == []


def test_appended_steps_are_no_change(main_line):
    rule_changed(main_line, "aum_tier")
    append_certificates(main_line, None, "复核岗", DAY, "why")
    assert changed_steps(main_line) == []
    git(main_line, "commit", "-qam", "certified")
    assert changed_steps(main_line) == []


def test_an_edited_row_is_found_though_its_chain_was_computed_anew(main_line):
    edited(main_line, "age_years,5,certified,2026-05-18", "age_years,5,certified,2026-05-19")
    chain_anew(main_line)
    for commit in (False, True):
        if commit:
            git(main_line, "commit", "-qam", "edited")
        faults = changed_steps(main_line)
        assert faults[0].startswith(f"{EVENTS}: step 5 of age_years has another chain, event_date than in ")
        assert "Remedy: restore it (git checkout " in faults[0]


def test_a_removed_tag_is_found(main_line):
    certificates._write(main_line, [step for step in read_steps(main_line) if step["tag_code"] != "age_years"])
    assert chain_faults(main_line) == []
    assert f"{EVENTS}: step 1 of age_years is gone" in changed_steps(main_line)[0]


def test_the_main_line_may_not_change_its_own_rows_either(main_line):
    git(main_line, "checkout", "-q", "main")
    edited(main_line, "age_years,5,certified,2026-05-18", "age_years,5,certified,2026-05-19")
    chain_anew(main_line)
    git(main_line, "commit", "-qam", "edited")
    faults = changed_steps(main_line)
    assert "step 5 of age_years" in faults[0]
    # The remedy that is told is one: the edit stays in git's history, and nothing else has to be rewritten.
    subprocess.run(faults[0].split("(")[1].split(")")[0].split(), cwd=main_line, check=True)
    git(main_line, "commit", "-qam", "restored")
    assert changed_steps(main_line) == []


def test_a_row_of_a_branch_may_change_until_it_is_merged(main_line):
    rule_changed(main_line, "aum_tier")
    append_certificates(main_line, None, "复核岗", DAY, "why")
    git(main_line, "commit", "-qam", "certified")
    git(main_line, "checkout", "-q", "main", "--", EVENTS.as_posix())
    append_certificates(main_line, None, "复核岗", DAY, "a better reason")
    assert changed_steps(main_line) == []


def test_without_git_the_chain_alone_is_checked(root, monkeypatch, capsys):
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(root.parent))
    with pytest.raises(NoBase, match="no git repository"):
        changed_steps(root)
    monkeypatch.setattr(append_only, "PROJECT_ROOT", root)
    with pytest.raises(typer.Exit) as left:
        append_only.main()
    assert left.value.exit_code == 0
    assert "is not compared with what git has: there is no git repository here" in capsys.readouterr().err


def test_a_pull_request_without_its_base_fails(main_line, monkeypatch, capsys):
    monkeypatch.setenv(append_only.PULL_REQUEST_BASE, "main")
    monkeypatch.setattr(append_only, "PROJECT_ROOT", main_line)
    with pytest.raises(typer.Exit) as left:
        append_only.main()
    assert left.value.exit_code == 1
    assert "git has no origin/main with a commit in common: fetch it with its history" in capsys.readouterr().err
