"""One door for one person: what a role may not see is in no text, JSON, page or record, and every opening is on record.

What is above the class of a role is planted in two warehouses with different values. Whatever a command shows to that
role must be the same of both.
"""

import json
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import duckdb
import pandas as pd
import pytest
from click.testing import Result
from rich.console import Console
from typer.testing import CliRunner

from banktags.cli import app
from banktags.door import MASK, enter
from banktags.explain import words
from banktags.explain.reader import Reader
from banktags.seeds.rows import seed_file

ROLES = pd.read_csv(seed_file("portrait_roles"))
PAIRS = ROLES[["role", "purpose"]].values.tolist()
#: A number that stands nowhere else, planted as a credit score.
SCORE = 7373731
#: A role for each class below the highest.
BELOW = {"C2/3": "relationship_manager", "C1/2": "branch_teller"}


def level_of(role: str) -> str:
    highest = ROLES.set_index("role").loc[[role]].iloc[0]
    return f"{highest['highest_sensitivity']}/{highest['highest_security_level']}"


def above(role: str) -> str:
    """SQL: the class of a row of the tag dictionary is above that of a role."""
    of = ROLES.set_index("role").loc[[role]].iloc[0]
    return f"(sensitivity > '{of['highest_sensitivity']}' or security_level > {of['highest_security_level']})"


def ask(database: Path, folder: Path, *arguments: str, **environment: str) -> Result:
    """A command on a warehouse, with lists and pages in a folder of its own, on a wide screen."""
    given = {"BANK_TAGS_DB": str(database), "BANK_TAGS_LISTS": str(folder / "lists"), "COLUMNS": "250"}
    out = ("--out", str(folder / "pages")) if arguments[0] == "portrait" and arguments[1] != "log" else ()
    return CliRunner().invoke(app, [*arguments, *out], env=given | environment)


def records(folder: Path) -> list[dict]:
    files = sorted((folder / "lists" / "portrait_openings").glob("*.parquet"))
    if not files:
        return []
    kept = duckdb.sql(f"from read_parquet({[str(file) for file in files]}) order by record_number")
    return [dict(zip(kept.columns, row, strict=True)) for row in kept.fetchall()]


def pages(folder: Path) -> dict[str, str]:
    return {path.name: path.read_text(encoding="utf-8") for path in (folder / "pages").glob("*")}


def message(result: Result) -> str:
    """An error on one line, without its frame."""
    return re.sub(r"[│╭╮╰╯─\s]+", " ", result.output)


@pytest.fixture(scope="module")
def demo(demo_warehouse) -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(str(demo_warehouse.database), read_only=True) as connection:
        yield connection


@pytest.fixture(scope="module")
def customer(demo) -> str:
    """The customer of core of whom most tags are known that a relationship manager may not see."""
    hidden = (
        demo.execute(
            f"select string_agg(tag_code, ',') from governance.tag_dictionary where {above('relationship_manager')}"
        )
        .fetchone()[0]
        .split(",")
    )
    known = " + ".join(f"({code} is not null)::int" for code in hidden)
    return demo.execute(
        f"""
        select customer_id from marts.customer_tags where bureau_credit_score is not null
        order by {known} desc, customer_id limit 1
        """
    ).fetchone()[0]


def plant(database: Path, role: str, customer: str, which: int) -> None:
    """Other values of all that the role may not see of a customer: tags, their history, inputs and confidence."""
    with duckdb.connect(str(database)) as con:
        hidden = con.execute(f"select tag_code from governance.tag_dictionary where {above(role)}").fetchall()
        hidden = {code for (code,) in hidden}
        wide = con.execute("select * from marts.customer_tags where customer_id = ?", [customer])
        types = {column[0]: str(column[1]) for column in wide.description}
        known = dict(zip(types, wide.fetchone(), strict=True))
        planted: dict[str, object] = {}
        for place, code in enumerate(sorted(code for code in hidden if known[code] is not None)):
            if code == "bureau_credit_score":
                planted[code] = SCORE + which
            elif types[code] == "VARCHAR":
                planted[code] = f"planted {which}"
            elif types[code] == "BOOLEAN":
                planted[code] = bool(which)
            elif types[code] == "DATE":
                planted[code] = f"2001-01-0{1 + which}"
            else:
                planted[code] = (place % 7 + 1 + which) / 10 if "DECIMAL" in types[code] else place + which
        values = ", ".join(f"{code} = ${code}" for code in planted)
        con.execute(
            f"update marts.customer_tags set {values} where customer_id = $owner", {**planted, "owner": customer}
        )
        con.execute("delete from governance.tag_confidence where tag_code in (select unnest(?))", [list(hidden)])
        con.execute(
            "insert into governance.tag_confidence by name "
            f"select unnest($2) as tag_code, $1 as customer_id, 0.{3 + which} as confidence, "
            f"'planted.{which}' as least_fresh_source",
            [customer, list(hidden)],
        )
        # History of three dates: every tag that it follows changed on the second, with inputs of every class.
        con.execute("delete from history.observed_dates")
        con.execute("""
            insert into history.observed_dates
            values ('2026-06-20', null), ('2026-06-27', '2026-06-20'), ('2026-06-30', '2026-06-27')
        """)
        con.execute("update history.tag_versions set as_of_date = '2026-06-20'")
        con.execute(
            """
            insert into history.tag_changes
            select $customer, versions.tag_code, '2026-06-27', case when inputs.is_hidden then $old else 'old' end,
                'planted', 'moved', inputs.given, inputs.given
            from (select distinct tag_code from history.tag_versions) as versions
            left join (
                select tag_code, tag_code in (select unnest($hidden)) as is_hidden,
                    cast(json_group_object(
                        input_name, case when input_name in (select unnest($hidden)) then $given else '2.00' end
                    ) as varchar) as given
                from governance.tag_rule_inputs where input_kind = 'tag' group by tag_code
            ) as inputs using (tag_code)
            """,
            {"customer": customer, "hidden": list(hidden), "old": f"old {which}", "given": f"{3 + which}.00"},
        )


@pytest.fixture(scope="module")
def planted(demo_warehouse, customer, tmp_path_factory) -> Callable[[str, int], Path]:
    """By class of role, two warehouses that differ in what a role of that class may not see, and in nothing else."""
    made: dict[tuple[str, int], Path] = {}

    def of(role: str, which: int) -> Path:
        level = level_of(role)
        if (level, which) not in made:
            # Views name the database by its file.
            database = tmp_path_factory.mktemp("planted") / "bank_tags.duckdb"
            shutil.copy(demo_warehouse.database, database)
            plant(database, BELOW[level], customer, which)
            made[level, which] = database
        return made[level, which]

    return of


@pytest.mark.parametrize("role", sorted(role for role in set(ROLES["role"]) if level_of(role) in BELOW))
def test_what_a_role_may_not_see_shows_nowhere(role, planted, customer, tmp_path):
    """The portrait and every way to explain show the same whatever the hidden values are."""
    commands = [
        ["portrait", "customer", customer],
        ["explain", customer],
        ["explain", customer, "--date", "2026-06-27", "--json"],
        ["explain", customer, "bureau_credit_score", "--json"],
    ]
    seen = []
    for which in (0, 1):
        folder = tmp_path / str(which)
        for command in commands:
            given = ["--role", role, "--by", "Wang", "--reason", "客户来电"]
            result = ask(planted(role, which), folder, *command, *given)
            assert result.exit_code == 0, result.output
            seen.append((which, re.sub(r"Page: .*", "", result.output)))
        kept = records(folder)
        assert [row["portrait"] for row in kept] == ["customer"] + ["explain"] * 3
        volatile = ("opening_id", "opened_at", "previous_digest")
        seen.append((which, str([{key: row[key] for key in row if key not in volatile} for row in kept])))
        seen += [(which, f"{name}{text}") for name, text in sorted(pages(folder).items())]
    first, second = ([text for number, text in seen if number == which] for which in (0, 1))
    assert len(first) == len(commands) + 2
    for one, other in zip(first, second, strict=True):
        assert one == other
        assert str(SCORE) not in one and f"{SCORE:,}" not in one and "planted" not in one


def test_compliance_sees_what_is_planted(planted, customer, tmp_path):
    """The test above would not fail if nothing were planted, or nothing shown."""
    for which in (0, 1):
        given = (customer, "bureau_credit_score", "--role", "compliance", "--json")
        said = json.loads(ask(planted("relationship_manager", which), tmp_path, "explain", *given).output)
        assert (said["value"], said["is_masked"], said["confidence"]) == (
            str(SCORE + which),
            False,
            f"0.{3 + which}000",
        )


@pytest.mark.parametrize("role", BELOW.values())
@pytest.mark.parametrize("day", [None, "2026-06-27"])
def test_every_tag_of_the_dictionary_is_explained_as_the_role_may_know_it(role, day, planted, customer):
    """Masked with the reason where it is above the class; without why where it reads, or read, a tag above it."""
    told: list[list[str]] = []
    date = None if day is None else duckdb.sql(f"select date '{day}'").fetchone()[0]
    for which in (0, 1):
        with duckdb.connect(str(planted(role, which)), read_only=True) as con:
            reader = Reader(con, customer, date, enter(con, role, None, "Wang", None))
            hidden = con.execute(f"select tag_code from governance.tag_dictionary where {above(role)}").fetchall()
            reads = con.execute(
                f"""
                select distinct inputs.tag_code from governance.tag_rule_inputs as inputs
                inner join governance.tag_dictionary as dictionary on inputs.input_name = dictionary.tag_code
                where input_kind = 'tag' and {above(role)}
                """
            ).fetchall()
            masked = {code for (code,) in hidden} | {code for (code,) in reads}
            codes = sorted(set(reader.certified()) | (masked if day is None else set()))
            found = [reader.explain(reader.tag(code)) for code in codes]
            text = []
            for said in found:
                console = Console(width=200)
                with console.capture() as captured:
                    console.print(words.page(said, reader.tags), words.lines([said], reader.tags))
                text.append(json.dumps(words.as_json(said, reader.tags), ensure_ascii=False) + captured.get())
            told.append(text)
        above_class, reading = {code for (code,) in hidden}, {code for (code,) in reads}
        for said in found:
            code = said.tag.code
            assert said.is_masked is (code in above_class), code
            assert said.is_why_masked is (code in above_class | reading), code
            assert (said.value == MASK) is said.is_masked
            if said.is_why_masked:
                assert (said.clause, said.passed, said.inputs, said.nudges, said.rule) == (None, [], {}, [], None)
                assert said.masked_because
        assert any(said.is_masked for said in found)
        if role == "relationship_manager":
            assert any(not said.is_why_masked for said in found)
            assert day or any(said.is_why_masked and not said.is_masked for said in found)
    assert told[0] == told[1]


def test_a_reason_of_history_that_names_a_hidden_tag_is_masked(planted, customer, tmp_path):
    """A rule that reads a tag of level 4 no longer, but did when the value changed."""
    database = tmp_path / "bank_tags.duckdb"
    shutil.copy(planted("relationship_manager", 0), database)
    with duckdb.connect(str(database)) as con:
        con.execute(
            "create or replace view history.tag_change_reasons as "
            "select $1 as customer_id, 'aum_tier' as tag_code, date '2026-06-27' as as_of_date, 'mass' as old_value, "
            "'moved' as change_type, 'bureau_credit_score' as input_tag, '611' as input_before, '622' as input_after, "
            "'>=' as operator, 620.0 as boundary, null as boundary_text".replace("$1", f"'{customer}'")
        )
    result = ask(database, tmp_path, "explain", customer, "aum_tier", "--role", "relationship_manager", "--json")
    said = json.loads(result.output)
    assert said["is_why_masked"] and not said["is_masked"]
    assert said["last_change"]["old_value"] == "mass" and said["last_change"]["input_tag"] is None
    assert "622" not in result.output and "611" not in result.output


# Who enters


DOORS = (
    ["portrait", "customer", "{customer}"],
    ["explain", "{customer}", "aum_tier"],
    ["portrait", "group", "{group}"],
)


@pytest.fixture(scope="module")
def group(demo) -> str:
    """The largest group that is a tag."""
    return demo.execute("""
        select portrait_group from portraits.portrait_groups where branch_id is null and kind = 'tag'
        order by customers desc nulls last, 1 limit 1
    """).fetchone()[0]


@pytest.mark.parametrize("door", DOORS, ids=lambda door: " ".join(door[:2]))
@pytest.mark.parametrize(
    "given, said",
    [
        (["--role", "relationship_manger"], "did you mean relationship_manager"),
        (["--role", ""], "no role"),
        (["--role", "relationship_manager", "--purpose", "risk"], "only for service, marketing"),
        (["--role", "relationship_manager", "--purpose", "Marketing"], "only for service, marketing"),
        (["--role", "relationship_manager", "--purpose", ""], "only for service, marketing"),
        (["--role", "branch_teller", "--purpose", "marketing"], "only for service"),
        (["--role", "compliance", "--purpose", "service"], "only for risk"),
        (["--role", "compliance", "--by", ""], "--by is blank"),
        (["--role", "compliance", "--by", " \u200b"], "--by is blank"),
        (["--role", "compliance", "--reason", " "], "--reason is blank"),
        (["--role", "compliance", "--reason", "…"], "--reason is blank"),
    ],
)
def test_who_may_not_enter_leaves_no_page_and_no_record(door, given, said, demo_warehouse, customer, group, tmp_path):
    arguments = [part.format(customer=customer, group=group) for part in door]
    result = ask(demo_warehouse.database, tmp_path, *arguments, *given)
    assert result.exit_code == 2 and said in message(result)
    assert customer not in result.output and not pages(tmp_path) and not records(tmp_path)


@pytest.mark.parametrize("door", DOORS[:2], ids=lambda door: " ".join(door[:2]))
def test_the_role_is_said_or_set(door, demo_warehouse, customer, tmp_path):
    arguments = [part.format(customer=customer) for part in door]
    result = ask(demo_warehouse.database, tmp_path, *arguments)
    assert result.exit_code == 2 and not records(tmp_path)
    assert all(role in message(result) for role in (*ROLES["role"], "--role", "BANK_TAGS_ROLE"))
    result = ask(demo_warehouse.database, tmp_path, *arguments, BANK_TAGS_ROLE="call_centre")
    assert result.exit_code == 0, result.output
    assert [(row["role"], row["purpose"]) for row in records(tmp_path)] == [("call_centre", "service")]


@pytest.mark.parametrize("door", DOORS, ids=lambda door: " ".join(door[:2]))
def test_what_cannot_be_put_on_record_is_not_shown(door, demo_warehouse, customer, group, tmp_path):
    (tmp_path / "lists").write_text("in the way")
    arguments = [part.format(customer=customer, group=group) for part in door]
    result = ask(demo_warehouse.database, tmp_path, *arguments, "--role", "compliance")
    assert result.exit_code == 2 and "not opened" in message(result)
    assert customer not in result.output and not pages(tmp_path)


def test_each_opening_is_on_record_once(demo_warehouse, demo, customer, group, tmp_path):
    number = demo.execute(
        """
        select id_value from intermediate.int_customer__id_mapping
        where customer_id = $1 and id_type in ('core_customer', 'crm_contact') and not is_shared
        order by id_value = customer_id, id_value limit 1
        """,
        [customer],
    ).fetchone()[0]
    opened = [
        (["explain", number, "credit_level"], ("explain", customer, "credit_level")),
        (["explain", number], ("explain", customer, None)),
        (["portrait", "customer", number], ("customer", customer, None)),
        (["portrait", "group", group], ("group", group, None)),
    ]
    for arguments, _ in opened:
        given = ("--role", "relationship_manager", "--by", "王芳", "--reason", "客户来电")
        assert ask(demo_warehouse.database, tmp_path, *arguments, *given).exit_code == 0
    kept = records(tmp_path)
    assert [(row["portrait"], row["subject"], row["tag_code"]) for row in kept] == [subject for _, subject in opened]
    assert {(row["opened_by"], row["reason"], row["purpose"]) for row in kept} == {("王芳", "客户来电", "service")}
    assert kept[0]["masked_tags"] == 1 and len({row["opening_id"] for row in kept}) == len(opened)
    log = ask(demo_warehouse.database, tmp_path, "portrait", "log").output
    assert [line.split()[-2] for line in log.splitlines() if "explain" in line] == ["2"]


def test_without_a_reason_the_purpose_is_the_reason(demo_warehouse, customer, tmp_path):
    given = ("--role", "relationship_manager", "--purpose", "marketing")
    assert ask(demo_warehouse.database, tmp_path, "explain", customer, "aum_tier", *given).exit_code == 0
    assert [row["reason"] for row in records(tmp_path)] == ["营销"]


# Groups


@pytest.fixture(scope="module")
def groups(demo_warehouse, group, tmp_path_factory) -> Path:
    """A warehouse with traits of level 4 that set the largest group apart, and audiences of three purposes. Read it."""
    database = tmp_path_factory.mktemp("groups") / "bank_tags.duckdb"
    shutil.copy(demo_warehouse.database, database)
    with duckdb.connect(str(database)) as con:
        con.execute(
            """
            update portraits.portrait_group as traits set
                n = 7373, member_share = 0.9991, comparison_n = 3737, comparison_share = 0.9987, tgi = 1973.73,
                z = 73.73, p_value = 0.00001, p_adjusted = 0.00002, is_significant = true, is_suppressed = false,
                is_circular = false, benefit_zh = '隐藏的权益', benefit_purpose = 'marketing',
                benefit_moment_zh = '任何时候'
            from governance.tag_dictionary as dictionary
            where traits.tag_code = dictionary.tag_code and security_level = 4 and portrait_group = $1
            """,
            [group],
        )
        # Audiences have the members, and so the figures, of that group.
        for table in ("portrait_group", "portrait_groups"):
            columns = [row[0] for row in con.execute(f"describe portraits.{table}").fetchall()]
            for name in ("new_card", "service_recovery", "credit_warning"):
                con.execute(f"delete from portraits.{table} where portrait_group = '{name}'")
                copied = [f"'{name}'" if column == "portrait_group" else column for column in columns]
                con.execute(
                    f"insert into portraits.{table} select {', '.join(copied)} from portraits.{table}"
                    " where portrait_group = $1",
                    [group],
                )
    return database


def traits_above(database: Path, role: str, group: str) -> list[str]:
    """The traits above a role's class, as the portrait would write them."""
    with duckdb.connect(str(database), read_only=True) as con:
        rows = con.execute(
            f"""
            select traits.name_zh, value_zh, tag_value from portraits.portrait_group as traits
            inner join governance.tag_dictionary as dictionary using (tag_code)
            where portrait_group = $1 and {above(role)}
            """,
            [group],
        ).fetchall()
    return [f"{name} {label or value}" for name, label, value in rows if value != "true"]


PURPOSES = {"new_card": "marketing", "service_recovery": "service", "credit_warning": "risk"}


@pytest.mark.parametrize("role", list(dict.fromkeys(ROLES["role"])))
@pytest.mark.parametrize("audience", PURPOSES)
def test_an_audience_is_opened_for_its_own_purpose_only(role, audience, groups, tmp_path):
    result = ask(groups, tmp_path, "portrait", "group", audience, "--role", role)
    purposes = [purpose for of, purpose in PAIRS if of == role]
    if PURPOSES[audience] in purposes:
        assert result.exit_code == 0, result.output
        assert [row["purpose"] for row in records(tmp_path)] == [PURPOSES[audience]]
        assert list(pages(tmp_path)) == [f"group-{audience}-{role}-{PURPOSES[audience]}.html"]
    else:
        assert result.exit_code == 2 and f"only for {', '.join(purposes)}" in message(result)
        assert not pages(tmp_path) and not records(tmp_path)
    for other in set(purposes) - {PURPOSES[audience]}:
        result = ask(groups, tmp_path / other, "portrait", "group", audience, "--role", role, "--purpose", other)
        assert result.exit_code == 2 and f"kept for {PURPOSES[audience]}" in message(result)
        assert not pages(tmp_path / other) and not records(tmp_path / other)


@pytest.mark.parametrize("role", list(dict.fromkeys(ROLES["role"])))
def test_traits_above_the_class_of_the_role_are_masked(role, groups, group, tmp_path):
    """In the headline, the bars, the table, the benefits and on the screen; what is told is counted without them."""
    result = ask(groups, tmp_path, "portrait", "group", group, "--role", role)
    assert result.exit_code == 0, result.output
    name, page = pages(tmp_path).popitem()
    text = page + result.output
    assert name.startswith(f"group-{group}-{role}-")
    hidden = traits_above(groups, role, group)
    tells = [part for part in ("1974", "7,373", "3,737", "99.9%", "73.73", "隐藏的权益", *hidden) if part in text]
    (kept,) = records(tmp_path)
    if ROLES.set_index("role").loc[[role], "highest_security_level"].iloc[0] >= 4:
        assert {"1974", "7,373"} <= set(tells) and MASK not in page
        assert "隐藏的权益" not in tells, "what is offered for marketing is none of risk's business"
    else:
        assert not tells and MASK in page and "高于" in page
        assert kept["masked_tags"] >= len(hidden)


def test_roles_do_not_overwrite_each_others_pages(groups, group, tmp_path):
    for role, purpose in PAIRS:
        given = ("--role", role, "--purpose", purpose)
        assert ask(groups, tmp_path, "portrait", "group", group, *given).exit_code == 0
    assert len(pages(tmp_path)) == len(PAIRS)


@pytest.mark.parametrize("sensitivity, level", [("C2", 4), ("C3", 3), (None, None)])
def test_a_group_that_is_itself_above_the_class_has_no_figure(sensitivity, level, groups, tmp_path):
    """The class of an audience is that of all that its condition reads, through includes and excludes too: whatever
    audiences.audiences says counts, and what has no class is not shown.
    """
    database = tmp_path / "bank_tags.duckdb"
    shutil.copy(groups, database)
    with duckdb.connect(str(database)) as con:
        con.execute(
            "update audiences.audiences set sensitivity = $1, security_level = $2 where audience = 'new_card'",
            [sensitivity, level],
        )
        (members,) = con.execute(
            "select customers from portraits.portrait_groups where portrait_group = 'new_card' and branch_id is null"
        ).fetchone()
        con.execute("update portraits.portrait_groups set customers = 73737, comparison_customers = 37373")
    result = ask(database, tmp_path, "portrait", "group", "new_card")
    assert result.exit_code == 0 and members, result.output
    (page,) = pages(tmp_path).values()
    for figure in ("73,737", "37,373", "TGI 1974", 'id="above"', 'id="distributions"', 'id="all"'):
        assert figure not in page + result.output
    assert "圈定该群体的标签高于客户经理可见级别" in page
    assert [row["shown_tags"] for row in records(tmp_path)] == [0]


def test_memberships_of_another_purpose_are_not_told(demo_warehouse, customer, tmp_path):
    """A portrait names no audience that its reader may not open, though its class would allow it."""
    database = tmp_path / "bank_tags.duckdb"
    shutil.copy(demo_warehouse.database, database)
    with duckdb.connect(str(database)) as con:
        con.execute(
            "update audiences.audiences set sensitivity = 'C1', security_level = 1, name_zh = '客群' || audience"
        )
        con.execute("drop table audiences.audience_members")
        con.execute(f"""
            create table audiences.audience_members as
            select audience, purpose, '{customer}' as customer_id, as_of_date, 'APP' as channel,
                cast(null as varchar) as product_id, false as is_held_out, false as is_control,
                cast(null as varchar) as unreached_because
            from audiences.audiences
        """)
    result = ask(database, tmp_path, "portrait", "customer", customer, "--role", "relationship_manager")
    assert result.exit_code == 0, result.output
    told = result.output + "".join(pages(tmp_path).values())
    assert "客群new_card" in told and "客群service_recovery" in told and "客群credit_warning" not in told


def test_ids_that_differ_by_a_sign_have_pages_of_their_own(demo_warehouse, customer, tmp_path):
    database = tmp_path / "bank_tags.duckdb"
    for number in ("C:1", "C/1"):
        shutil.copy(demo_warehouse.database, database)
        with duckdb.connect(str(database)) as con:
            con.execute("update marts.customer_tags set customer_id = $1 where customer_id = $2", [number, customer])
        result = ask(database, tmp_path, "portrait", "customer", number, "--role", "compliance")
        assert result.exit_code == 0, result.output
    assert len(pages(tmp_path)) == 2


@pytest.mark.parametrize(
    "command", [["review", "--out", "{folder}/review.html"], ["campaign", "report", "--out", "{folder}/campaigns"]]
)
def test_the_other_pages_name_nobody(command, demo_warehouse, demo, tmp_path):
    """Review and campaign reports need no door: no id, masked name, token or number of a customer is in them."""
    arguments = [part.format(folder=tmp_path) for part in command]
    given = {"BANK_TAGS_DB": str(demo_warehouse.database)}
    result = CliRunner().invoke(app, arguments, env=given)
    assert result.exit_code == 0, result.output
    persons = demo.execute("""
        select customer_id from marts.customer_tags
        union select id_value from intermediate.int_customer__id_mapping
        union select name_masked from marts.customer_360 where name_masked is not null
        union select mobile_masked from marts.customer_360 where mobile_masked is not null
    """).fetchall()
    written = [path.read_text(encoding="utf-8") for path in tmp_path.rglob("*.html")]
    assert written and len(persons) > 300
    said = set(re.findall(r"[\w:*-]+", " ".join([*written, result.output])))
    assert not said & {person for (person,) in persons}
