"""Lists that leave the warehouse: judged by campaign and day, nobody in them who may not be reached, all on record."""

import csv
import datetime
import itertools
import os
import subprocess
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest
from dbt_warehouse import Warehouse
from tiny_bank import customers, deliver
from typer.testing import CliRunner

from banktags import clock, records
from banktags.audience.lists import RECORD_TYPES, Order, export, freeze
from banktags.cli import app
from banktags.contract import PROJECT_ROOT
from banktags.seeds.rows import seed_file

CUSTOMERS = 200
HELD_OUT = {"C007", "C070", "C077"}
#: They share a number, at which C011 is reached.
SHARED = {"C011", "C012"}
DAY = datetime.datetime(2026, 7, 1, 9, 30)


@pytest.fixture
def shelf(tmp_path, monkeypatch) -> Path:
    """A warehouse of 200 customers, with what lists are judged by; the machine stands on the day after its date."""
    file = tmp_path / "bank_tags.duckdb"
    with duckdb.connect(str(file)) as con:
        for schema in ("policy", "staging", "marts", "governance", "audiences", "marketing"):
            con.execute(f"create schema {schema}")
        for seed in ("audience_purposes", "audience_gates", "audience_policy"):
            con.execute(f"create table policy.{seed} as from read_csv('{seed_file(seed)}')")
        con.execute(
            f"""
            create table staging.base_core__batches as select '20260630' as batch_id;
            create table marketing.campaign_plans as
            select *, cast(campaign_id = 'ASSIGNED' as integer) as assigned_customers,
                cast(campaign_id = 'TOUCHED' as integer) as touched_customers
            from (
                values
                    ('SPRING', 'P0', date '2026-07-01', date '2026-08-15'),
                    ('SUMMER', 'P0', date '2026-06-20', date '2026-07-01'),
                    ('ENDED', 'P0', date '2026-05-01', date '2026-06-29'),
                    ('OTHER', 'P1', date '2026-07-01', date '2026-08-15'),
                    ('CARE', null, date '2026-06-01', date '2026-08-15'),
                    ('ASSIGNED', 'P0', date '2026-06-01', date '2026-08-15'),
                    ('TOUCHED', 'P0', date '2026-06-01', date '2026-08-15')
            ) as planned (campaign_id, product_id, start_date, end_date);
            create table marts.customer_tags as
            select
                'C' || lpad(cast(n as text), 3, '0') as customer_id, date '2026-06-30' as as_of_date,
                case when n % 3 = 0 then 'vip' else 'mass' end as service_tier,
                true as is_risk_assessment_valid, 'R5' as max_sellable_product_rating
            from range({CUSTOMERS}) as counted (n);
            create table marts.customer_numbers as
            select customer_id, customer_id as id_value, 'core_customer' as id_type, true as is_of_record
            from marts.customer_tags;
            create table audiences.audience_products as
            select * from (values ('P0', false, cast(null as text), 'DEPOSIT'), ('P1', false, null, 'DEPOSIT'))
                as products (product_id, needs_assessment, risk_rating, product_class);
            alter table audiences.audience_products add column is_on_sale boolean default true;
            create table governance.tag_confidence (customer_id text, tag_code text, confidence decimal(5,4));
            create table governance.tag_dictionary as
            select 'is_risk_assessment_valid' as tag_code, 3 as security_level;
            create table audiences.audience_holdout (customer_id text);
            create table audiences.audience_controls (customer_id text);
            create table audiences.offer_exclusions
            (customer_id text, as_of_date date, purpose text, product_class text, gate text);
            create table audiences.contact_permissions as
            select
                customer_id, as_of_date, channel,
                case when channel = 'APP' then customer_id
                    when customer_id in {tuple(SHARED)} then 'shared number' else 'number of ' || customer_id end
                    as address_token,
                case when customer_id = 'C012' then 2 else 1 end as address_order,
                case when customer_id in {tuple(HELD_OUT)} then 'held_out' end as marketing_blocked_by,
                cast(null as text) as service_blocked_by,
                cast(null as text) as risk_blocked_by
            from marts.customer_tags
            cross join (values ('SMS'), ('APP')) as channels (channel);
            create table audiences.audience_members as
            select
                audience, purpose, permitted.customer_id, permitted.as_of_date,
                case when unreached_because is null then channel end as channel,
                case when unreached_because is null then address_token end as address_token,
                product_id, marketing_blocked_by is not null as is_held_out, false as is_control, unreached_because
            from (
                select *, coalesce(marketing_blocked_by, case when customer_id = 'C012' then 'shared_address' end)
                    as unreached_because
                from audiences.contact_permissions where channel = 'SMS'
            ) as permitted
            cross join (values ('a', 'marketing', 'P0'), ('watched', 'risk', null), ('notice', 'service', null))
                as listed (audience, purpose, product_id);
            create table audiences.audiences as
            select
                *, date '2026-06-30' as as_of_date, members as candidates, '' as including, '' as excluding,
                'C2' as sensitivity, 3 as security_level, 'hash' as predicate_hash
            from (
                values
                    ('a', 'marketing', 'P0', 'SMS', {CUSTOMERS}), ('empty', 'marketing', 'P0', 'SMS', 0),
                    ('watched', 'risk', null, '', {CUSTOMERS}), ('notice', 'service', null, 'SMS', {CUSTOMERS})
            ) as listed (audience, purpose, product_id, channels, members);
            """
        )
    monkeypatch.setenv("BANK_TAGS_DB", str(file))
    monkeypatch.setenv("BANK_TAGS_LISTS", str(tmp_path / "lists"))
    monkeypatch.setattr(clock, "now", lambda zone=None: DAY)
    return tmp_path


def change(shelf: Path, sql: str) -> None:
    with duckdb.connect(str(shelf / "bank_tags.duckdb")) as con:
        con.execute(sql)


def run(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, ["audience", *arguments])
    assert "Traceback" not in result.output and (result.exception is None or isinstance(result.exception, SystemExit))
    return result.exit_code, " ".join(result.output.replace("│", " ").split())


def frozen(campaign: str, *options: str, audience: str = "a") -> tuple[int, str]:
    return run("freeze", audience, "--campaign", campaign, "--reason", "spring", "--by", "Li", *options)


def exported(target: Path, *options: str, audience: str = "a") -> tuple[int, str]:
    return run("export", audience, "--to", str(target), "--reason", "April message", "--by", "Li", *options)


def arms(file: Path) -> dict[str, str]:
    return dict(duckdb.execute("select customer_id, arm from read_parquet(?)", [str(file)]).fetchall())


def drawn(found: dict[str, str], arm: str) -> set[str]:
    return {name for name, of in found.items() if of == arm}


def reached(target: Path) -> list[dict]:
    return list(csv.DictReader(target.open(encoding="utf-8")))


def on_record(shelf: Path, columns: str = "*") -> list[tuple]:
    files = [str(file) for file in (shelf / "lists" / "exports").glob("*.parquet")]
    said = f"select {columns} from read_parquet(?) order by record_number"
    return duckdb.execute(said, [files]).fetchall() if files else []


def everything(folder: Path) -> list[str]:
    files = sorted(str(file.relative_to(folder)) for file in folder.rglob("*") if file.is_file())
    return [file for file in files if not file.startswith(("lists/heads/", "lists/.lock", "bank_tags"))]


# Arms


def test_a_frozen_list_has_its_arms_for_good(shelf):
    assert frozen("SPRING", "--control-share", "0.2")[0] == 0
    file = shelf / "lists/assignments/SPRING.parquet"
    first, content = arms(file), file.read_bytes()
    assert len(first) == CUSTOMERS
    assert drawn(first, "HOLDOUT") == HELD_OUT | {"C012"}, "whom the campaign may not reach takes no part"
    strata = dict(duckdb.sql(f"select customer_id, stratum from '{file}'").fetchall())
    for stratum in ("vip", "mass"):
        of = [arm for name, arm in first.items() if strata[name] == stratum and arm != "HOLDOUT"]
        assert abs(of.count("CONTROL") - 0.2 * len(of)) <= 1
    code, output = frozen("SPRING", "--control-share", "0.2")
    assert code == 2 and "has its list already" in output and file.read_bytes() == content


def test_who_is_a_control_of_one_campaign_is_in_no_arm_of_another(shelf):
    """The lists are of this minute: no build has read them yet."""
    assert frozen("SPRING", "--control-share", "0.2")[0] == frozen("SUMMER", "--control-share", "0.5")[0] == 0
    first, second = (arms(shelf / f"lists/assignments/{name}.parquet") for name in ("SPRING", "SUMMER"))
    assert drawn(first, "CONTROL") <= drawn(second, "HOLDOUT")
    assert len(drawn(second, "CONTROL")) > 60


def test_a_list_that_is_gone_comes_back_with_its_own_arms_only(shelf):
    assert frozen("SPRING")[0] == 0
    file = shelf / "lists/assignments/SPRING.parquet"
    first = arms(file)
    file.unlink()
    code, output = frozen("SPRING", "--salt", "another")
    assert code == 2 and "other arms would be drawn" in output and not file.exists()
    assert frozen("SPRING")[0] == 0 and arms(file) == first


def test_members_count_where_the_catalogue_does_not_tell_few(shelf):
    change(shelf, "update audiences.audiences set members = null, candidates = null")
    assert frozen("SPRING")[0] == exported(shelf / "notice.csv", audience="notice")[0] == 0


@pytest.mark.parametrize("share", [0.1, 0.25, 0.5])
def test_the_share_of_controls_is_exact_over_all(shelf, share):
    for number in range(3):
        change(
            shelf,
            f"insert into marketing.campaign_plans values ('N{number}', 'P0', '2026-07-01', '2026-08-01', 0, 0)",
        )
        assert frozen(f"N{number}", "--control-share", str(share), "--salt", str(number))[0] == 0
        file = shelf / f"lists/assignments/N{number}.parquet"
        taking_part = [arm for arm in arms(file).values() if arm != "HOLDOUT"]
        assert abs(taking_part.count("CONTROL") - share * len(taking_part)) <= 0.5


def test_a_share_is_a_number(shelf):
    assert frozen("SPRING", "--control-share", "nan")[0] == 2 and everything(shelf) == []


def test_a_floor_of_an_estimate_is_a_number(shelf):
    code, output = run("estimate", "is_risk_assessment_valid", "--min-confidence", "tag")
    assert code == 2 and "write TAG=FLOOR" in output and everything(shelf) == []


# The campaign and the day


@pytest.mark.parametrize(
    ("audience", "campaign", "message"),
    [
        ("b", "SPRING", "there is no audience b: take one of a, empty, notice, watched"),
        ("empty", "SPRING", "nobody is in audience empty on 2026-06-30"),
        ("a", "../C", "letters, digits"),
        ("a", "", "letters, digits"),
        ("a", "SPRNG", "there is no campaign SPRNG in marketing.campaigns; the nearest known is SPRING"),
        ("a", "NEW", "ASSIGNED, SPRING, SUMMER, TOUCHED would sell P0"),
        ("a", "NEW", "land it in marketing.campaigns"),
        ("a", "Spring", "differs only by case from SPRING"),
        ("a", "ENDED", "ended on 2026-06-29"),
        ("a", "OTHER", "campaign OTHER sells P1, audience a is offered P0"),
        ("a", "CARE", "campaign CARE sells no product"),
        ("a", "ASSIGNED", "the marketing system has assigned customers to campaign ASSIGNED already"),
        ("a", "TOUCHED", "the marketing system has contacted customers for campaign TOUCHED already"),
        ("watched", "SPRING", "audience watched is for risk"),
        ("notice", "SPRING", "audience notice is for service"),
    ],
)
def test_a_campaign_that_does_not_admit_the_list_is_refused(shelf, audience, campaign, message):
    code, output = frozen(campaign, audience=audience)
    assert code == 2 and message in output
    assert not (shelf / "lists").exists()


def test_a_campaign_may_run_on_its_last_day_and_no_longer(shelf, monkeypatch):
    assert frozen("SUMMER")[0] == 0
    (shelf / "lists/assignments/SUMMER.parquet").unlink()
    monkeypatch.setattr(clock, "now", lambda zone=None: DAY + datetime.timedelta(days=1))
    code, output = frozen("SUMMER")
    assert code == 2 and "ended on 2026-07-01, before 2026-07-02" in output


def test_a_campaign_that_differs_by_case_from_one_with_a_list_is_refused(shelf):
    assert frozen("SPRING")[0] == 0
    change(shelf, "update marketing.campaign_plans set campaign_id = 'spring' where campaign_id = 'SPRING'")
    code, output = frozen("spring")
    assert code == 2 and "differs only by case from SPRING" in output
    assert len(on_record(shelf)) == 1


@pytest.mark.parametrize(
    ("machine", "message"),
    [
        ("2026-07-07", None),
        ("2026-07-08", "8 days before this machine's date 2026-07-08"),
        ("2026-11-30", "list_max_age_days of seed audience_policy is 7"),
        ("2026-06-29", None),
        ("2026-06-28", "2 days after this machine's date 2026-06-28"),
    ],
)
@pytest.mark.parametrize("command", ["freeze", "export"])
def test_members_of_another_time_are_not_taken_out(shelf, monkeypatch, command, machine, message):
    moment = datetime.datetime.fromisoformat(f"{machine}T12:00:00")
    monkeypatch.setattr(clock, "now", lambda zone=None: moment)
    change(shelf, "update marketing.campaign_plans set end_date = '2026-12-31'")
    code, output = frozen("SPRING") if command == "freeze" else exported(shelf / "a.csv")
    if message:
        assert code == 2 and message in output and everything(shelf) == []
    else:
        assert code == 0 and f"Members of 2026-06-30, taken out on {machine}." in output
        assert on_record(shelf, "as_of_date, exported_at") == [(datetime.date(2026, 6, 30), moment)]


def test_the_setting_says_how_far_apart(shelf, monkeypatch):
    monkeypatch.setattr(clock, "now", lambda zone=None: datetime.datetime(2026, 7, 30, 12))
    change(shelf, "update policy.audience_policy set value = 30 where parameter = 'list_max_age_days'")
    assert frozen("SPRING")[0] == 0
    change(shelf, "delete from policy.audience_policy where parameter = 'list_max_age_days'")
    code, output = exported(shelf / "a.csv")
    assert code == 2 and "has no row list_max_age_days" in output


def test_the_demo_bank_is_judged_by_its_own_date_and_says_so(shelf, monkeypatch):
    monkeypatch.setattr(clock, "now", lambda zone=None: datetime.datetime(2027, 11, 30, 12))
    change(shelf, "update staging.base_core__batches set batch_id = 'DEMO-2026-06-30'")
    code, output = frozen("SPRING")
    assert code == 0 and "demo bank, judged by its own date 2026-06-30" in output
    change(shelf, "insert into staging.base_core__batches values ('20260701')")
    assert frozen("SUMMER")[0] == 2, "one real batch makes it a bank"


# Who is reached


def test_an_export_reaches_each_address_once_and_nobody_held_out(shelf):
    target = shelf / "channel" / "a.csv"
    code, output = exported(target)
    assert code == 0 and "Left out: held_out 3, shared_address 1." in output
    rows = reached(target)
    assert set(rows[0]) == {"customer_id", "channel", "address_token", "product_id"}
    assert len(rows) == CUSTOMERS - 4 == len({row["address_token"] for row in rows})
    assert HELD_OUT.isdisjoint(row["customer_id"] for row in rows)
    facts = "exported_by, kind, reason, row_count, left_out_count, sensitivity, file_name, campaign_id"
    assert on_record(shelf, facts) == [("Li", "export", "April message", len(rows), 4, "C2", "a.csv", None)]
    assert exported(target)[0] == 2 and len(on_record(shelf)) == 1


def test_the_treatment_arm_is_what_a_campaign_reaches(shelf):
    assert frozen("SPRING", "--control-share", "0.3")[0] == 0
    found = arms(shelf / "lists/assignments/SPRING.parquet")
    assert exported(shelf / "campaign.csv", "--campaign", "SPRING")[0] == 0
    rows = reached(shelf / "campaign.csv")
    assert {row["customer_id"] for row in rows} == drawn(found, "TREATMENT")
    assert on_record(shelf, "kind, campaign_id, row_count")[-1] == ("export", "SPRING", len(rows))


def test_no_control_is_reached_by_any_export_from_the_freeze_on(shelf):
    """Before a build has read the list, and by another campaign's list too."""
    assert frozen("SUMMER", "--control-share", "0.1")[0] == 0
    assert frozen("SPRING", "--control-share", "0.3")[0] == 0
    controls = {
        name
        for campaign in ("SPRING", "SUMMER")
        for name in drawn(arms(shelf / f"lists/assignments/{campaign}.parquet"), "CONTROL")
    }
    exports = {"a.csv": (), "spring.csv": ("--campaign", "SPRING"), "summer.csv": ("--campaign", "SUMMER")}
    for name, options in exports.items():
        assert exported(shelf / name, *options)[0] == 0
        rows = reached(shelf / name)
        assert rows and controls.isdisjoint(row["customer_id"] for row in rows)
        assert not {f"number of {name}" for name in controls} & {row["address_token"] for row in rows}
    assert exported(shelf / "notice.csv", audience="notice")[0] == 0
    assert controls <= {row["customer_id"] for row in reached(shelf / "notice.csv")}, "service is not marketing"


def test_a_number_at_which_a_control_is_reached_is_not_addressed(shelf):
    assert frozen("SPRING", "--control-share", "0.3")[0] == 0
    found = arms(shelf / "lists/assignments/SPRING.parquet")
    control, treated = min(drawn(found, "CONTROL")), min(drawn(found, "TREATMENT"))
    moved = f"set address_token = 'number of {control}' where customer_id = '{treated}' and channel = 'SMS'"
    change(shelf, f"update audiences.contact_permissions {moved}; update audiences.audience_members {moved}")
    for name, options in {"a.csv": (), "c.csv": ("--campaign", "SPRING")}.items():
        assert exported(shelf / name, *options)[0] == 0
        assert treated not in {row["customer_id"] for row in reached(shelf / name)}


def test_controls_of_a_campaign_that_has_ended_are_reached_again(shelf):
    assert frozen("SPRING", "--control-share", "0.3")[0] == 0
    change(shelf, "update marketing.campaign_plans set end_date = '2026-06-30' where campaign_id = 'SPRING'")
    assert exported(shelf / "a.csv")[0] == 0
    assert len(reached(shelf / "a.csv")) == CUSTOMERS - 4
    code, output = exported(shelf / "c.csv", "--campaign", "SPRING")
    assert code == 2 and "ended on 2026-06-30" in output


def test_who_refused_since_the_freeze_is_left_out_and_counted(shelf):
    assert frozen("SPRING")[0] == 0
    treated = sorted(drawn(arms(shelf / "lists/assignments/SPRING.parquet"), "TREATMENT"))
    gates = {"number_refused": treated[0], "control": treated[1], "no_consent": treated[2]}
    for gate, customer in gates.items():
        blocked = f"set marketing_blocked_by = '{gate}' where customer_id = '{customer}'"
        change(shelf, f"update audiences.contact_permissions {blocked}")
    minor, gone = treated[3:5]
    change(
        shelf,
        f"""
        insert into audiences.offer_exclusions values ('{minor}', '2026-06-30', 'marketing', 'DEPOSIT', 'minor');
        delete from marts.customer_tags where customer_id = '{gone}';
        """,
    )
    code, output = exported(shelf / "c.csv", "--campaign", "SPRING")
    assert code == 0
    assert "Left out: control 1, minor 1, no_consent 1, number_refused 1, relationship_ended 1." in output
    assert {row["customer_id"] for row in reached(shelf / "c.csv")} == set(treated[5:])
    assert on_record(shelf, "left_out_count")[-1] == (5,)


def test_an_export_to_nobody_is_not_written(shelf):
    change(
        shelf,
        "update audiences.audience_members set channel = null, address_token = null, unreached_because = 'control'",
    )
    code, output = exported(shelf / "a.csv")
    assert code == 2 and "nobody of a may be reached today (control" in output and everything(shelf) == []


def test_a_list_is_exported_as_what_it_was_frozen_for(shelf):
    assert exported(shelf / "c.csv", "--campaign", "SPRING")[1].count("campaign SPRING has no list") == 1
    assert frozen("SPRING")[0] == 0
    change(shelf, "update audiences.audiences set audience = 'b' where audience = 'empty'")
    change(
        shelf, "insert into audiences.audience_members select 'b', * exclude (audience) from audiences.audience_members"
    )
    code, output = exported(shelf / "c.csv", "--campaign", "SPRING", audience="b")
    assert code == 2 and "is of audience a, not of b" in output


# On record, whatever happens


@pytest.mark.parametrize("blank", ["", " ", "\u200b", "\n", "-"])
@pytest.mark.parametrize("option", ["--by", "--reason"])
def test_who_and_why_are_said(shelf, option, blank):
    for command in (lambda *more: frozen("SPRING", *more), lambda *more: exported(shelf / "a.csv", *more)):
        code, output = command(option, blank)
        assert code == 2 and f"{option} is blank" in output and everything(shelf) == []


def test_a_user_without_a_name_says_who(shelf, monkeypatch):
    monkeypatch.setattr(records, "getpass", type("Nobody", (), {"getuser": lambda: {}["no such user"]}))
    code, output = run("export", "a", "--to", str(shelf / "a.csv"), "--reason", "r")
    assert code == 2 and "--by is blank" in output


def test_what_cannot_be_kept_on_record_is_not_left_on_disk(shelf, monkeypatch):
    (shelf / "afile").write_text("")
    monkeypatch.setenv("BANK_TAGS_LISTS", str(shelf / "afile"))
    for code, output in (frozen("SPRING"), exported(shelf / "out" / "list.csv")):
        assert code == 2 and "should be a folder" in output
    (shelf / "l2").mkdir()
    (shelf / "l2" / "exports").write_text("")
    monkeypatch.setenv("BANK_TAGS_LISTS", str(shelf / "l2"))
    for code, output in (frozen("SPRING"), exported(shelf / "out" / "list.csv")):
        assert code == 2 and "should be a folder" in output
    assert everything(shelf) == ["afile", "l2/exports"]


@pytest.mark.parametrize(
    "name", ["x' (format csv, header); --.csv", "a\nb.csv", "[a]*?.csv", "{uuid}.csv", "a;b$1.csv"]
)
def test_any_name_is_a_name(shelf, name):
    assert exported(shelf / name)[0] == 0
    assert len(reached(shelf / name)) == CUSTOMERS - 4
    assert on_record(shelf, "file_name, file_digest") == [(name, records.digest(shelf / name))]


def test_an_export_is_not_written_where_it_is_served_or_read_as_a_record(shelf):
    assert frozen("SPRING")[0] == 0
    before = everything(shelf)
    for place in (
        PROJECT_ROOT / "site" / "l.csv",
        shelf / "lists" / "exports" / "x.parquet",
        shelf / "lists" / "x.csv",
    ):
        code, output = exported(place)
        assert code == 2 and ("served" in output or "among the records" in output) and not place.exists()
    assert everything(shelf) == before


def test_lists_and_records_are_their_owners_alone(shelf):
    assert frozen("SPRING")[0] == exported(shelf / "new" / "a.csv")[0] == 0
    paths = [shelf / "new", *(shelf / "new").rglob("*"), shelf / "lists", *(shelf / "lists").rglob("*")]
    assert {path.stat().st_mode & 0o777 for path in paths if path.is_dir()} == {0o700}
    assert {path.stat().st_mode & 0o777 for path in paths if path.is_file()} == {0o600}


def test_a_list_that_is_not_what_its_freeze_recorded_is_used_by_nobody(shelf):
    assert frozen("SPRING", "--control-share", "0.3")[0] == 0
    file = shelf / "lists/assignments/SPRING.parquet"
    duckdb.sql(f"create or replace temp table forged as select * replace ('TREATMENT' as arm) from '{file}'")
    duckdb.sql(f"copy forged to '{file}' (format parquet)")
    for code, output in (
        frozen("SUMMER"),
        exported(shelf / "a.csv"),
        exported(shelf / "b.csv", "--campaign", "SPRING"),
    ):
        assert code == 2 and "is not what was put on record when it was frozen" in output


@pytest.mark.parametrize("what", ["freeze", "export"])
def test_a_list_whose_command_is_killed_is_completed_by_the_same_command(shelf, what):
    """Killed at each step on its way: the same command works, and then there are one list and one record."""
    order, steps, ends = Order("a", "Li", "spring"), itertools.count(1), set()
    file = shelf / ("lists/assignments/SPRING.parquet" if what == "freeze" else "out/list.csv")
    stands = "has its list already" if what == "freeze" else "exists: an export never replaces another"
    for killed_at in steps:
        counted = itertools.count(1)

        def dying(function: Callable, counted=counted, killed_at=killed_at) -> Callable:
            def call(*arguments):
                if next(counted) == killed_at:
                    os._exit(9)
                return function(*arguments)

            return call

        child = os.fork()
        if not child:
            for name in ("link", "fsync", "unlink"):
                setattr(os, name, dying(getattr(os, name)))
            con = duckdb.connect(str(shelf / "bank_tags.duckdb"), read_only=True)
            if what == "freeze":
                freeze(con, order, "SPRING", 0.1, "")
            else:
                export(con, order, file)
            os._exit(0)
        status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        if status == 0:
            break
        code, output = frozen("SPRING") if what == "freeze" else exported(file)
        ends.add((code, stands in output))
        assert len(everything(shelf)) == 2, (killed_at, everything(shelf))
        assert on_record(shelf, "file_digest, row_count") == [(records.digest(file), 196 if what == "export" else 200)]
        assert not [*shelf.rglob("*.partial"), *shelf.rglob("*.pending")], killed_at
        for left in [*(shelf / "lists").rglob("*"), file]:
            if left.is_file():
                left.unlink()
        assert killed_at < 60
    assert (0, False) in ends and ends <= {(0, False), (2, True)}


def test_a_killed_export_does_not_pass_for_another_under_its_name(shelf):
    child = os.fork()
    if not child:
        records._Chain.move_head = lambda *_: os._exit(9)
        con = duckdb.connect(str(shelf / "bank_tags.duckdb"), read_only=True)
        export(con, Order("a", "Li", "a test"), shelf / "list.csv")
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 9
    before = (shelf / "list.csv").read_bytes()
    code, output = exported(shelf / "list.csv", audience="notice")
    assert code == 2 and "exists" in output
    assert (shelf / "list.csv").read_bytes() == before and on_record(shelf, "audience") == [("a",)]


def test_exports_of_one_second_have_a_record_each(shelf):
    code = f"""
        import datetime, os
        from banktags import clock
        from banktags.cli import app

        clock.now = lambda zone=None: {DAY!r}
        children = []
        for n in range(3):
            children.append(os.fork())
            if not children[-1]:
                options = ["--to", f"{shelf}/out{{n}}.csv", "--reason", f"r {{n}}", "--by", "Li"]
                app(["audience", "export", "a", *options], standalone_mode=False)
                os._exit(0)
        assert [os.waitpid(child, 0)[1] for child in children] == [0, 0, 0]
    """
    subprocess.run([sys.executable, "-c", textwrap.dedent(code)], check=True, stdout=subprocess.DEVNULL)
    assert {name for (name,) in on_record(shelf, "file_name")} == {"out0.csv", "out1.csv", "out2.csv"}
    assert [number for (number,) in on_record(shelf, "record_number")] == [1, 2, 3]


# What a build says


def kept_lists(lists: Path) -> None:
    """Three frozen lists, two exports and three openings, as commands keep them."""
    for n, campaign in enumerate(("KEPT", "FORGED", "GONE", None, None)):
        file = lists / "assignments" / f"{campaign}.parquet" if campaign else lists.parent / f"{n}.csv"
        with records.draft(file) as written:
            duckdb.sql(
                f"""
                select
                    '{campaign}' as campaign_id, 'a' as audience, 'C' || n as customer_id, 'CONTROL' as arm,
                    'mass' as stratum, 'SMS' as channel, 'P0' as product_id, date '2026-06-30' as frozen_date
                from range(5) as counted (n)
                """
            ).write_parquet(str(written.path))
            row = {
                "export_id": records.new_id(DAY),
                "exported_at": DAY,
                "exported_by": "Li",
                "kind": "freeze" if campaign else "export",
                "audience": "a",
                "campaign_id": campaign,
                "as_of_date": datetime.date(2026, 6, 30),
                "purpose": "marketing",
                "reason": "spring",
                "row_count": 5,
                "sensitivity": "C2",
                "security_level": 3,
                "predicate_hash": "hash",
                "file_name": file.name,
                "file_digest": written.digest(),
            }
            written.publish("exports", row, RECORD_TYPES)
    for n in range(3):
        said = {
            "opened_by": "Li",
            "role": "compliance",
            "purpose": "service",
            "portrait": "customer",
            "subject": f"C{n}",
        }
        records.record("portrait_openings", {"opening_id": f"O{n}", "opened_at": DAY, **said})


def numbered(folder: Path) -> list[Path]:
    """The records of a folder in the order in which they were kept."""
    files = {file: duckdb.sql(f"select record_number from '{file}'").fetchone()[0] for file in folder.glob("*.parquet")}
    return sorted(files, key=files.get)


def test_a_frozen_list_keeps_the_share_it_was_drawn_with(shelf):
    """Whatever the marketing system had planned: the split is tested against what was drawn."""
    assert frozen("SPRING", "--control-share", "0.3")[0] == 0
    (listed,) = (shelf / "lists" / "assignments").glob("*.parquet")
    assert duckdb.sql(f"select distinct drawn_control_share from '{listed}'").fetchall() == [(0.3,)]
    assert on_record(shelf, "control_share") == [(0.3,)]


@pytest.mark.parametrize("machine", ["2026-07-01", "2026-07-03"])
def test_what_is_taken_out_says_both_dates(shelf, monkeypatch, machine):
    """When it was by the machine's clock, and which business date it was in the bank."""
    moment = datetime.datetime.fromisoformat(f"{machine}T08:00:00")
    monkeypatch.setattr(clock, "now", lambda zone=None: moment)
    assert frozen("SPRING")[0] == 0 and exported(shelf / "out.csv", "--campaign", "SPRING")[0] == 0
    assert on_record(shelf, "distinct exported_at, business_date") == [(moment, datetime.date(2026, 6, 30))]


@pytest.mark.slow
def test_a_build_tells_what_is_not_as_it_was_kept(tmp_path, monkeypatch):
    deliver(tmp_path / "delivery", tmp_path / "raw", DAY.date(), {"core.customers": customers("C0")})
    warehouse = Warehouse(tmp_path, tmp_path / "raw")
    lists = tmp_path / "lists"
    monkeypatch.setenv("BANK_TAGS_LISTS", str(lists))
    build = (
        "build",
        "--exclude-resource-type",
        "unit_test",
        "--indirect-selection",
        "cautious",
        "--select",
        "frozen_lists",
        "audience_exports",
        "portrait_openings",
    )
    nothing_kept = warehouse.dbt(*build)
    assert nothing_kept.returncode == 0
    kept_lists(lists)
    warehouse.dbt(*build)
    assert warehouse.rows("select count(*) from audiences.frozen_lists") == [(15,)]
    assert warehouse.rows("select kind, count(*) from audiences.audience_exports group by 1 order by 1") == [
        ("export", 2),
        ("freeze", 3),
    ]
    # What was kept before records had a business date is of that of its members.
    dated = "select distinct exported_at, business_date, control_share from audiences.audience_exports"
    assert warehouse.rows(dated) == [(DAY, datetime.date(2026, 6, 30), None)]
    assert (warehouse.database.stat().st_mode & 0o777) == 0o600

    exports, openings = numbered(lists / "exports"), numbered(lists / "portrait_openings")
    forged = lists / "assignments" / "FORGED.parquet"
    duckdb.sql(f"create or replace temp table forged as select * replace ('TREATMENT' as arm) from '{forged}'")
    duckdb.sql(f"copy forged to '{forged}' (format parquet)")
    (lists / "assignments" / "SLIPPED-IN.parquet").write_bytes((lists / "assignments" / "KEPT.parquet").read_bytes())
    (lists / "assignments" / "GONE.parquet").unlink()
    exports[-1].unlink()
    duckdb.sql(f"create or replace temp table changed as select * replace (' ' as opened_by) from '{openings[1]}'")
    duckdb.sql(f"copy changed to '{openings[1]}' (format parquet)")
    failed = warehouse.dbt(*build, check=False)
    assert failed.returncode == 1
    told = " ".join(failed.stdout.split())
    for line in (
        "FORGED.parquet: the list is not the one that its freeze put on record: its SHA-256 is another.",
        "SLIPPED-IN.parquet: the list has no record of its freeze.",
        f"GONE.parquet: record {exports[2].name} is of a list that is gone. Remedy: restore the list",
        "exports: the last of 5 records is gone, or is not as it was kept. Remedy:",
        "exports: there are 4 records, where 5 were kept.",
        f"portrait_openings: the record before {openings[2].name} is gone, or is not as it was kept.",
        "opened_by is blank",
    ):
        assert line in told, line
    assert "KEPT.parquet" not in told

    (lists / "heads" / "exports.parquet").unlink()
    openings[0].rename(lists / "portrait_openings" / "twice.parquet")
    openings[0].write_bytes((lists / "portrait_openings" / "twice.parquet").read_bytes())
    told = " ".join(warehouse.dbt(*build, check=False).stdout.split())
    assert "nothing says how many records there are: heads/exports.parquet is gone." in told
    assert "portrait_openings: there are 4 records, where 3 were kept." in told
