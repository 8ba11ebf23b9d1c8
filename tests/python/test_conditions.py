"""Conditions: what a person may write is parsed, what runs says just that, and all else is refused with its place."""

import datetime
import random
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest
from typer.testing import CliRunner

from banktags.audience.definition import macros
from banktags.catalogue import tag_entries
from banktags.cli import app
from banktags.conditions import ConditionError, KnownTags, parse_condition
from banktags.conditions.audience_models import AudienceEntry, AudienceModel, read_audience_model
from banktags.conditions.derived_models import read_derived_model
from banktags.conditions.errors import ModelError
from banktags.conditions.governed import retyped_numbers
from banktags.conditions.known import BOOLEAN, DATE, NUMBER, TEXT, of_project, of_warehouse
from banktags.conditions.parsed import SEED, UnparsedModels, checksum, parsed_conditions, parsed_models
from banktags.contract import PROJECT_ROOT

TAGS = of_project()
SEEDS = {file.stem: file for file in (PROJECT_ROOT / "seeds").rglob("*.csv")}


# What is refused


@pytest.mark.parametrize(
    ("text", "place", "message"),
    [
        ("aum_spot > 0 and\n  aum_spt > 1", (2, 3), "aum_spt is no tag; nearest: aum_spot"),
        ("customer_id = 'C1'", (1, 1), "customer_id is no tag: it says whose row it is"),
        ("aum_spot > 0 and as_of_date is null", (1, 18), "as_of_date is no tag"),
        ("columns('aum.*') > 0", (1, 1), "columns is no function of a condition"),
        ("struct_extract(tags, 'aum_spot') > 0", (1, 1), "struct_extract is no function"),
        ("aum_spot[1] > 0", (1, 9), "nothing is taken out of a list or a struct"),
        ("tags.aum_spot > 0", (1, 1), "tags is no tag"),
        ("to_json(tags) = ''", (1, 1), "to_json is no function"),
        ("true) or (true", (1, 5), "the bracket closes nothing"),
        ("((true)", (1, 1), "the bracket is not closed"),
        ("exists (from marts.customer_tags)", (1, 1), "a condition reads no table"),
        ("aum_spot > (select max(aum_spot))", (1, 13), "a condition reads no table"),
        ("aum_spot in (from x)", (1, 14), "a condition reads no table"),
        ("true; drop table x", (1, 5), "a condition is one expression"),
        ("aum_spot > 0 -- or more", (1, 14), "give it a line of its own"),
        ("aum_spot > 0 /* or more */", (1, 14), "give it a line of its own|a line of its own"),
        ("e'x' = 'x'", (1, 1), "a text has no prefix|is no tag"),
        ("service_tier = x'61'", (1, 16), "is no tag|no prefix"),
        ("service_tier = $$vip$$", (1, 16), "no dollar quotes"),
        ("service_tier = ?", (1, 16), "no parameters"),
        ("service_tier = 'a\\' or true", (1, 18), "Spark reads"),
        ("service_tier = 'vip", (1, 16), "the text has no end"),
        ("service_tier = 'a' 'b'", (1, 20), "two texts stand side by side"),
        ("service_tier collate nocase = 'VIP'", (1, 14), "compare the value as it is written"),
        ("service_tier like 'v%'", (1, 14), "list the values"),
        ("aum_spot::text = '1'", (1, 9), "nothing is cast"),
        ("cast(aum_spot as text) = '1'", (1, 1), "a tag has its type"),
        ("sum(aum_spot) over () > 0", (1, 1), "sum is no function"),
        ("case when true then true end", (1, 1), "join the branches"),
        ("x -> x > 0", (1, 1), "is no tag"),
        ("* > 0", (1, 1), "not admitted"),
        ("aum_spot", (1, 1), "a number, no yes or no"),
        ("service_tier > 5", (1, 1), "compare values of one kind"),
        ("is_rural_customer > true", (1, 1), "yes and no have no order"),
        ("aum_spot = null", (1, 1), "write tag is null"),
        ("aum_spot / aum_month_avg > 1", (1, 12), "may be 0"),
        ("aum_spot ＞ 0", (1, 10), "FULLWIDTH GREATER-THAN SIGN .* write >"),
        ("аum_spot > 0", (1, 1), "CYRILLIC SMALL LETTER A"),
        ("aum_spot > 0\x00", (1, 13), r"U\+0000"),
        ("aum_spot > 0 and \u200btrue", (1, 18), "ZERO WIDTH SPACE"),
        ("aum_spot >\u00a00", (1, 11), "NO-BREAK SPACE"),
        ("aum_spot > 1e3", (1, 12), "digits and a point only"),
        ("aum_spot > 1_000", (1, 12), "digits and a point only"),
        ("aum_spot > 99999999999999999999", (1, 12), "too long"),
        ("within_days(first_loginn, 3)", (1, 13), "is no event; take one of .*login"),
        ("within_days(wealth_purchase, 0)", (1, 30), "from 1 to"),
        ("within_days(wealth_purchase, aum_spot) ", (1, 30), "whole number"),
        ("{{ 1 }} = 1", (1, 1), "only {{ within_days"),
        ("{% raw %}true{% endraw %}", (1, 1), "only {{ within_days"),
        ("service_tier = '{{ x }}'", (1, 17), "only {{ within_days"),
        ("", (1, 1), "there is no condition"),
        ("-- nothing", (1, 11), "there is no condition"),
        ("not " * 30 + "true", (1, 81), "within each other"),
        ("(" * 30 + "true" + ")" * 30, (1, 21), "within each other"),
        ("(" * 30_000, (1, 10_001), "10,000 characters at most"),
        ("true or " * 1_000 + "true", (1, 6_001), "1,500 words"),
    ],
)
def test_what_is_not_admitted_is_refused_at_its_place(text, place, message):
    with pytest.raises(ConditionError) as refused:
        parse_condition(text, TAGS)
    assert (refused.value.line, refused.value.column) == place
    assert re.search(message, str(refused.value)), refused.value
    assert "\n" not in str(refused.value) and "\x00" not in str(refused.value)


def test_a_model_writes_what_spark_reads_too():
    with pytest.raises(ConditionError, match="Spark reads double quotes as a text"):
        parse_condition('"aum_spot" > 0', TAGS, in_model=True)
    with pytest.raises(ConditionError, match="a model calls a macro in braces"):
        parse_condition("within_days(wealth_purchase, 30)", TAGS, in_model=True)
    assert parse_condition("{{ within_days('wealth_purchase', 30) }}", TAGS, in_model=True).tags


# Every sensitive tag, through every way that a condition could be written


def ways_around(draw: random.Random, tag: str) -> str:
    """A text that would read a tag if it ran, in a way in which conditions can be written."""
    inner = draw.choice(
        [
            f"columns('{tag}')",
            f"columns('{tag[:-2]}.*')",
            f"COLUMNS(c -> c = '{tag}')",
            f"struct_extract(tags, '{tag}')",
            f"tags['{tag}']",
            f"tags.{tag}",
            f"customer_tags.{tag}",
            f"marts.customer_tags.{tag}",
            f"(tags).{tag}",
            f"to_json(tags) ->> '{tag}'",
            f"json_extract_string(to_json(tags), '$.{tag}')",
            f"row_to_json(tags) ->> '$.{tag}'",
            f"cast({tag} as varchar)",
            f"{tag}::varchar",
            f"try_cast({tag} as varchar)",
            f"(select {tag})",
            f"(select max({tag}) from marts.customer_tags)",
            f"list_extract([{tag}], 1)",
            f"[{tag}][1]",
            f"{{'a': {tag}}}.a",
            f"case when true then {tag} end",
            f"if(true, {tag}, null)",
            f"max({tag}) over ()",
            f"first({tag})",
            f"list_filter([{tag}], x -> x is not null)[1]",
            f"concat({tag}, '')",
            f"{tag} || ''",
            f"{tag} collate nocase",
            f"getvariable('{tag}')",
            f"${tag}",
            f"${{{tag}}}",
            f"@{tag}",
            f"`{tag}`",
            f"[{tag}]",
            f"{{{{ '{tag}' }}}}",
            f"{{% raw %}}{tag}{{% endraw %}}",
            f"{{{{ within_days('{tag}', 3) }}}}",
            f"within_days({tag}, 3)",
            f"unnest([{tag}])",
            f"any_value({tag})",
            f"hash({tag})",
            f"md5({tag})",
            f"alias({tag})",
            f"typeof({tag})",
            tag,
            tag.upper(),
            tag.title(),
            f'"{tag}"',
            f'"{tag.upper()}"',
            f"({tag})",
            f"(({tag}))",
            f"coalesce({tag}, {tag})",
            f"nullif({tag}, {tag})",
            f"least({tag}, {tag})",
            f"abs({tag})",
            f"- {tag}",
            f"{tag} + {tag}",
            f"{tag} -- x",
            f"{tag} /* x */",
            f"/**/{tag}",
            f"{tag}\u200b",
            tag.replace("_", "\uff3f"),
            tag.replace("a", "\u0430"),
            f"{tag}\x00",
            f'U&"{tag}"',
            f"e'\\'' <> {tag}",
            f"$${tag}$$",
            f"x'{tag}'",
            f"{tag}.x",
            f"{tag}[0]",
            f"{tag}[1:2]",
        ]
    )
    text = draw.choice(
        [
            f"{inner} is not null",
            f"{inner} = 'poor'",
            f"{inner} > 0",
            f"'poor' = {inner}",
            f"{inner} in ('poor', 'x')",
            f"{inner} between 0 and 9",
            f"not {inner}",
            inner,
            f"{inner} is true",
            f"{inner} like '%'",
            f"{inner} = {inner}",
            f"exists (select 1 where {inner} = 1)",
            f"{inner} = any(['a'])",
            f"{inner} in (select 'a')",
            f"{inner} <> ''",
            "exists (table marts.customer_tags)",
            f"{inner} is not distinct from 1",
            f"({inner}, 1) = (1, 1)",
        ]
    )
    for _ in range(draw.randint(0, 3)):
        text = draw.choice(
            [
                f"({text})",
                f"not ({text})",
                f"aum_spot > 0 and {text}",
                f"{text} or aum_spot > 0",
                f"true) or ({text}",
                f"e'\\'' <> 'x' and {text} and e'\\'' <> 'y'",
                f"-- x\n{text}",
                f"'--' <> '' and {text}",
                f"{text}; select 1",
                f"'/*' <> '' and {text} or '*/' = ''",
                f"({text}) is not true",
                f"{text}\n-- y",
                f"{text} union select 1",
                f"coalesce({text}, true)",
                f"aum_spot > 0 or not {text}",
                f"\t{text}\r\n",
            ]
        )
    return text


def test_no_writing_gets_round_the_level_of_a_tag(manifest):
    """2,000 texts and more over all tags of level 4: refused by the parse, or the tag is seen and its level refused."""
    draw = random.Random(24)
    levels = {entry.code: entry.security_level for entry in tag_entries(manifest)}
    barred = sorted(code for code, level in levels.items() if level == 4)
    policy = {"marketing": {"max_security_level": 3, "may_name_product": True, "channels": ["APP"], "scenarios": []}}
    entry = {
        "purpose": "marketing",
        "product": "P",
        "channels": ["APP"],
        "scenario": None,
        "including": [],
        "excluding": [],
    }
    tried = seen = 0
    for tag in barred:
        for _ in range(max(2_500 // len(barred), 1) + 1):
            text = ways_around(draw, tag)
            tried += 1
            for in_model in (False, True):
                try:
                    condition = parse_condition(text, TAGS, in_model=in_model)
                except ConditionError:
                    continue
                assert tag in condition.tags or tag not in text.lower(), text
                if tag in condition.tags:
                    seen += 1
                    problems = macros().audience_problems(entry | {"tags": condition.tags}, policy, levels, {})
                    assert f"reads {tag} of security level 4" in problems, text
    assert tried >= 2_000 and seen > 50


def test_hostile_noise_is_refused_or_read_and_never_an_error_of_the_program():
    draw = random.Random(3)
    signs = ["aum_spot", ">", "0", "and", "or", "not", "in", "is", "null", "1", "-1", *"()'\"[]{};:.,$\\\n\x00＝"]
    signs += ["--", "/*", "*/", "e'", "{{", "}}", "{%", "%}", "x'"]
    for _ in range(3_000):
        text = " ".join(draw.choice(signs) for _ in range(draw.randint(1, 25)))
        try:
            assert set(parse_condition(text, TAGS).tags) <= {"aum_spot"}
        except ConditionError as refused:
            assert "\n" not in str(refused)


# What honest people write


BOOLEANS = sorted(code for code, kind in TAGS.kinds.items() if kind == BOOLEAN)[:4]
NUMBERS = [*sorted(code for code, kind in TAGS.kinds.items() if kind == NUMBER)[:4], "wealth_purchase_recency_days"]
TEXTS = sorted(code for code, kind in TAGS.kinds.items() if kind == TEXT)[:3]
DATES = sorted(code for code, kind in TAGS.kinds.items() if kind == DATE)[:2]


def honest(draw: random.Random, depth: int = 0) -> str:
    """A condition of the documented grammar."""
    if depth < 4 and draw.random() < 0.6:
        left, right = honest(draw, depth + 1), honest(draw, depth + 1)
        return draw.choice(
            [
                f"{left} and {right}",
                f"({left}) or {right}",
                f"not ({left})",
                f"({left} or {right})",
                f"not {left}",
                f"({left}) is not true",
            ]
        )
    number, text, date, boolean = (draw.choice(codes) for codes in (NUMBERS, TEXTS, DATES, BOOLEANS))
    operator = draw.choice(["=", "<>", "!=", "<", "<=", ">", ">="])
    value = draw.choice(
        ["0", "1", "-2", "3.5", "7 * 2 - 1", f"{draw.choice(NUMBERS)} + 1", f"abs({draw.choice(NUMBERS)})"]
    )
    return draw.choice(
        [
            boolean,
            f"{boolean} is true",
            f"{boolean} is not false",
            f"{boolean} is null",
            f"{boolean} = {draw.choice(BOOLEANS)}",
            f"{number} {operator} {value}",
            f"{number.upper()} {operator} {value}",
            f'"{number}" {operator} {value}',
            f"{number} between -1 and {value}",
            f"{number} not between 1 and 3",
            f"{number} in (1, 2, -3)",
            f"{number} not in (1, 2)",
            f"{text} = 'b'",
            f"{text} in ('a', 'it''s')",
            f"{text} not in ('中', 'b')",
            f"{text} is not null",
            f"coalesce({text}, 'x') <> 'x'",
            f"coalesce({number}, 0) {operator} {value}",
            f"least({number}, 4) + 1 {operator} 2",
            f"{number} / 2 {operator} {value}",
            f"{number} / nullif({draw.choice(NUMBERS)}, 0) {operator} 1",
            f"{date} {operator} date '2026-02-01'",
            f"{date} between '2026-01-01' and '2026-03-01'",
            f"within_days(wealth_purchase, {draw.randint(1, 9)})",
            f"{{{{ within_days('wealth_purchase', {draw.randint(1, 9)}) }}}}",
            f"\n-- 说明\n{number} {operator} 1",
            "true",
            "1 = 1",
            f"- {number} < 1",
            f"{number} - 1 - 2 < 3",
            f"{number} - (1 - 2) * 2 < 3",
        ]
    )


def test_what_runs_is_what_was_written():
    """Honest conditions are admitted, and what is made of their tree selects what their own text selects."""
    draw = random.Random(7)
    con = duckdb.connect()
    kinds: dict[str, tuple[list[str], str, Callable[[], object]]] = {
        BOOLEAN: (BOOLEANS, "boolean", lambda: draw.random() < 0.5),
        NUMBER: (NUMBERS, "decimal(18,2)", lambda: draw.randint(-4, 14)),
        TEXT: (TEXTS, "varchar", lambda: draw.choice(["a", "b", "it's", "中", "x"])),
        DATE: (DATES, "date", lambda: datetime.date(2026, draw.randint(1, 4), 1)),
    }
    columns = [(code, sql, value) for codes, sql, value in kinds.values() for code in codes]
    con.execute(f"create table t ({', '.join(f'{code} {sql}' for code, sql, _ in columns)})")
    rows = [[None if draw.random() < 0.2 else value() for _, _, value in columns] for _ in range(200)]
    con.executemany(f"insert into t values ({', '.join('?' * len(columns))})", rows)
    for _ in range(400):
        text = honest(draw)
        # The texts are drawn: they are values of no tag.
        condition = parse_condition(text, KnownTags(TAGS.kinds))
        plain = re.sub(
            r"(?:\{\{ )?within_days\('?wealth_purchase'?, (\d+)\)(?: \}\})?",
            r"coalesce(wealth_purchase_recency_days < \1, false)",
            text,
        )
        differ = f"select count(*) from t where (({plain}\n)) is distinct from ({condition.sql})"
        assert con.execute(differ).fetchone() == (0,), (text, condition.sql)
        expanded = condition.expanded.sql(dialect="duckdb")
        assert con.execute(differ.replace(condition.sql, expanded)).fetchone() == (0,), (text, expanded)
        named = {code for code in TAGS.kinds if re.search(rf"(?i)\b{code}\b", plain)}
        assert set(condition.tags) == named


# Models


SELECT = "select customer_id\nfrom {{{{ ref('customer_tags') }}}}\nwhere {condition}\n"


# What was meant


@pytest.mark.parametrize(
    ("text", "place", "message"),
    [
        # A value by its label, in another case, beside right ones, on either side, within what may give it.
        ("aum_tier = '财富'", (1, 12), "'财富' is no value of aum_tier; write 'wealth' (财富)"),
        ("'财富' = aum_tier", (1, 1), "write 'wealth' (财富)"),
        ("aum_tier <> 'Wealth'", (1, 13), "write 'wealth' (财富)"),
        ("service_tier in ('vip', '私人银行')", (1, 25), "write 'private_banking' (私人银行)"),
        ("not (aum_tier in ('富裕'))", (1, 19), "take one of 'private_banking' (私人银行), 'wealth' (财富)"),
        ("aum_tier >= 'gold'", (1, 13), "'gold' is no value of aum_tier"),
        ("aum_tier between 'mass' and 'top'", (1, 29), "'top' is no value of aum_tier"),
        ("nullif(aum_tier, '大众') is null", (1, 18), "write 'mass' (大众)"),
        ("least(aum_tier, service_tier) = '贵宾'", (1, 33), "write 'vip' (贵宾)"),
        ("coalesce(aum_tier, 'none') = 'nobody'", (1, 30), "'nobody' is no value of aum_tier"),
        ("(aum_tier) = (('财富'))", (1, 16), "write 'wealth' (财富)"),
        # Of a seed: the row, its label, and a place that the bank's cities do not have.
        ("rfm_pattern = '重要价值'", (1, 15), "write '111' (重要价值)"),
        ("city = 'Atlantis'", (1, 8), "'Atlantis' is no value of city; take one of"),
        # Without quotes, a value is told from a tag.
        ("aum_tier = 财富", (1, 12), "财富 is a value; write aum_tier = 'wealth'"),
        ("aum_tier = wealth", (1, 12), "wealth is a value, no tag; write aum_tier = 'wealth'"),
        ("has_fund = '是'", (1, 1), "write tag, or not tag"),
        # A tag by its Chinese name, whole, in part and mistyped, with Latin signs and numbers in it, and by its words.
        ("月日均AUM >= 300000", (1, 1), "月日均AUM is no code of a tag; write aum_month_avg (月日均AUM)"),
        ("aum_spot > 0 and 月日均aum >= 3", (1, 18), "write aum_month_avg (月日均AUM)"),
        ("最近活跃距今天 < 30", (1, 1), "nearest: activity_recency_days (最近活跃距今天数)"),
        ('"月日均AUM" >= 300000', (1, 1), "write aum_month_avg (月日均AUM)"),
        ("优质客户", (1, 1), "write "),
        ("month_avg_aum > 0", (1, 1), "nearest: aum_month_avg (月日均AUM)"),
        ("within_days(最近购买理财, 30)", (1, 13), "最近购买理财 is no event; take one of"),
        # Another sign stays another sign.
        ("aum_spot ＞ 3", (1, 10), "FULLWIDTH GREATER-THAN SIGN"),
    ],
)
def test_what_is_no_tag_or_value_is_told_what_was_meant(text, place, message):
    with pytest.raises(ConditionError) as refused:
        parse_condition(text, TAGS)
    assert (refused.value.line, refused.value.column) == place, refused.value
    assert message in str(refused.value)


@pytest.mark.parametrize(
    "text",
    [
        "aum_tier = 'wealth' or aum_tier is null",
        "coalesce(aum_tier, 'none') = 'none'",
        "coalesce(aum_tier, 'none') in ('none', 'mass')",
        "nullif(aum_tier, 'mass') = 'vip'",
        "city = '上海' and province <> '浙江省'",
        "branch_id = 'B999'",  # branches are the bank's: no seed lists them
        "aum_tier_entitlements = '产品推荐、成长激励'",  # several values at once
        "household_id = 'C1'",
    ],
)
def test_an_honest_value_is_admitted(text):
    assert parse_condition(text, TAGS).sql


def test_project_and_warehouse_know_the_same_values(tmp_path):
    """What is refused before a build is what is refused after it."""
    with duckdb.connect() as con:
        for schema in ("marts", "governance", "policy"):
            con.execute(f"create schema {schema}")
        con.execute("create table marts.customer_tags (aum_tier text, rfm_pattern text, aum_spot int)")
        con.execute("create table governance.tag_dictionary (tag_code text, name_zh text, values_from text)")
        con.executemany(
            "insert into governance.tag_dictionary values (?, ?, ?)",
            [
                ("aum_tier", "客户层级", None),
                ("rfm_pattern", "RFM高低组合", "rfm_classes.rfm_pattern"),
                ("aum_spot", "时点AUM", None),
            ],
        )
        con.execute("create table governance.tag_values (tag_code text, value text, name_zh text, display_order int)")
        for order, (value, label) in enumerate(TAGS.values["aum_tier"].items()):
            con.execute("insert into governance.tag_values values ('aum_tier', ?, ?, ?)", [value, label, order])
        con.execute(
            "create table policy.rfm_classes as from read_csv(?, all_varchar = true)", [str(SEEDS["rfm_classes"])]
        )
        found = of_warehouse(con)
    assert found.values == {tag: TAGS.values[tag] for tag in ("aum_tier", "rfm_pattern")}
    assert found.nearest("时点AUM") == "write aum_spot (时点AUM)"


def test_models_name_values_that_there_are(tmp_path):
    """Audience models and derived tags are judged as what is typed is: by file and line."""
    audience = tmp_path / "audience__x.sql"
    audience.write_text(SELECT.format(condition="aum_spot > 0\n    and aum_tier = '财富'"))
    with pytest.raises(ModelError, match=r"line 4, column 20 near .*write 'wealth' \(财富\)"):
        read_audience_model(audience, Path("audience__x.sql"), TAGS)
    derived = tmp_path / "derived_tags__x.sql"
    for compared in (
        "aum_tier = '财富'",
        "tags.aum_tier in ('财富')",
        "case tags.aum_tier when '财富' then true end",
        "coalesce(aum_tier, 'none') <> '财富'",
    ):
        select = f"select customer_id, as_of_date, {compared} as x__y from {{{{ ref('standard_tags') }}}} as tags"
        derived.write_text(select)
        with pytest.raises(ModelError, match=r"'财富' is no value of aum_tier; write 'wealth' \(财富\)"):
            read_derived_model(derived, Path("derived_tags__x.sql"), TAGS, SEEDS)
    # What the query itself calls so is no tag.
    derived.write_text(
        "with named as (select customer_id, as_of_date, case aum_tier when 'wealth' then '财富' end as aum_tier "
        "from {{ ref('standard_tags') }}) select customer_id, as_of_date, aum_tier = '财富' as x__y from named"
    )
    assert read_derived_model(derived, Path("derived_tags__x.sql"), TAGS, SEEDS).tags == ("aum_tier",)


ONE_SELECT = "an audience is one select with a condition"
OLD_FORM = "{% call audience(name_zh='客群', purpose='service') %}\n    aum_spot > 0\n{% endcall %}\n"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (SELECT.format(condition="aum_spot > 0\n    and aum_spt > 1"), "line 4, column 9 near 'aum_spt'"),
        (SELECT.format(condition="true union all select customer_id from marts.x"), "a condition reads no table"),
        (SELECT.format(condition="true order by aum_spot"), "order is no tag"),
        (SELECT.format(condition="true limit 5"), "limit is no tag"),
        (SELECT.format(condition="true; drop table x"), "a condition is one expression"),
        (SELECT.format(condition="true) or (true"), "closes nothing"),
        (SELECT.format(condition="customer_id = 'C1'"), "customer_id is no tag"),
        (SELECT.format(condition="exists (select 1)"), "a condition reads no table"),
        (SELECT.format(condition="{{ run_query('select 1') }} = 1"), "only {{ within_days"),
        (SELECT.format(condition="{# x #} true"), "only {{ within_days"),
        (SELECT.format(condition="within_days(wealth_purchase, 30)"), "a model calls a macro in braces"),
        (SELECT.format(condition=""), "there is no condition"),
        (SELECT.format(condition="true") * 2, "a condition reads no table"),
        ("{% set x = 1 %}" + SELECT.format(condition="true"), ONE_SELECT),
        ("{{ config(pre_hook='drop table x') }}" + SELECT.format(condition="true"), ONE_SELECT),
        ("with x as (select 1) " + SELECT.format(condition="true"), ONE_SELECT),
        ("/* x */ " + SELECT.format(condition="true"), ONE_SELECT),
        (SELECT.format(condition="true").replace("select customer_id", "select *"), ONE_SELECT),
        (SELECT.format(condition="true").replace("select customer_id", "select distinct customer_id"), ONE_SELECT),
        (SELECT.format(condition="true").replace("customer_id", "customer_id, aum_spot"), ONE_SELECT),
        (SELECT.format(condition="true").replace("ref('customer_tags')", "ref('audience_screening')"), ONE_SELECT),
        (SELECT.format(condition="true").replace("ref('customer_tags')", "source('core', 'customers')"), ONE_SELECT),
        (SELECT.format(condition="true").replace("{{ ref('customer_tags') }}", "marts.customer_tags"), ONE_SELECT),
        (SELECT.format(condition="true").replace("\nwhere", " as tags cross join x\nwhere"), ONE_SELECT),
        ("select customer_id from {{ ref('customer_tags') }}", ONE_SELECT),
        ("", ONE_SELECT),
        (
            OLD_FORM,
            "line 1, column 1 near '{% call audience': an audience is a select, no call of a macro; write select",
        ),
        (OLD_FORM, "and into its YAML what the call said, as config: {meta: {audience: {name_zh: …"),
        ("{%- call audience() -%} true {%- endcall -%}", "an audience is a select, no call of a macro"),
    ],
)
def test_an_audience_model_is_one_select_with_a_condition(tmp_path, text, message):
    file = tmp_path / "audience__x.sql"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(ModelError, match=re.escape(message)) as refused:
        read_audience_model(file, Path("models/audiences/audience__x.sql"), TAGS, ENTRY)
    assert str(refused.value).startswith("models/audiences/audience__x.sql, line ")


ENTRY = AudienceEntry(Path("models/audiences/x.yml"), 7, {"purpose": "service"})


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        (None, "models/audiences/audience__x.sql, line 1, column 1: the audience has no entry in YAML; write config:"),
        ({"min_confidence": {"aum_spt": 0.5}}, "models/audiences/x.yml, line 7, .*aum_spt, which is no tag; nearest"),
        ({"min_confidence": {"aum_spot": 7}}, "the floor of aum_spot is 7; a confidence is a number from 0 to 1"),
        ({"min_confidence": {"aum_spot": True}}, "a confidence is a number from 0 to 1"),
        ({"min_confidence": [0.5]}, "min_confidence names min_confidence, which is no tag"),
    ],
)
def test_what_the_entry_says_of_tags_is_judged(tmp_path, entry, message):
    file = tmp_path / "audience__x.sql"
    file.write_text(SELECT.format(condition="aum_spot > 0"), encoding="utf-8")
    with pytest.raises(ModelError, match=message):
        read_audience_model(
            file, Path("models/audiences/audience__x.sql"), TAGS, entry and AudienceEntry(ENTRY.file, ENTRY.line, entry)
        )


def test_an_audience_model_reads_the_tags_of_its_condition_and_floors(tmp_path):
    file = tmp_path / "audience__x.sql"
    text = SELECT.format(condition="\n    -- 资产\n    aum_spot > 0\n    and {{ within_days('wealth_purchase', 30) }}")
    file.write_text("-- 客群 where nobody is\n\n" + text.replace("select", "SELECT"), encoding="utf-8")
    read = read_audience_model(
        file, file, TAGS, AudienceEntry(file, 1, {"min_confidence": {"suitability_status": 0.5}})
    )
    assert read.tags == ("aum_spot", "suitability_status", "wealth_purchase_recency_days")


# Numbers that a governed tag has


@pytest.mark.parametrize(
    ("text", "warned"),
    [
        (
            "aum_month_avg >= 300000 and is_frequent_transactor_90d",
            "300000, which is row is_wealth_promotion_target / aum_month_avg_from / CNY of seed rule_thresholds: name"
            " the tag is_wealth_promotion_target instead",
        ),
        ("not (300000.00 > aum_month_avg)", "name the tag is_wealth_promotion_target instead"),
        ("aum_month_avg between 1 and 300000", "name the tag is_wealth_promotion_target instead"),
        ("aum_month_avg in (300000)", "name the tag is_wealth_promotion_target instead"),
        ("AUM_MONTH_AVG >= 50000", "row potential / aum_from / CNY of seed pyramid_tiers"),
        ("transaction_count_90d >= 20", "name the tag is_frequent_transactor_90d instead"),
        ("aum_month_avg >= 123456", "judged already by the rule of customer_value_level"),
        ("age_years < 25 or aum_spot > aum_month_avg", "age_years is compared with 25"),
    ],
)
def test_a_number_that_a_rule_has_is_told(text, warned):
    (told,) = [told for told in retyped_numbers(parse_condition(text, TAGS)) if warned in told]
    assert "\n" not in told


@pytest.mark.parametrize(
    "text",
    [
        "is_wealth_promotion_target",
        "aum_tier in ('potential', 'vip')",
        "aum_spot > aum_month_avg",
        "aum_spot - aum_month_avg > 300000",
        "service_tier = 'vip' and is_wealth_promotion_target is true",
    ],
)
def test_a_governed_tag_is_not_warned_of(text):
    assert retyped_numbers(parse_condition(text, TAGS)) == []


def test_no_audience_of_the_project_types_a_bound_anew():
    for file, model in parsed_models():
        if isinstance(model, AudienceModel):
            assert retyped_numbers(model.condition) == [], file


WEALTH_DESK = PROJECT_ROOT / "models/tags/derived/derived_tags__wealth_desk.sql"
READS = "{{ ref('standard_tags') }} as tags"


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            "tags.aum_month_avg",
            "tags.aum_mnth_avg",
            r"line 10, column 9 near 'tags\.aum_mnth_avg': .* is no tag; nearest: aum_month",
        ),
        ("tags.aum_month_avg", "random() * tags.aum_month_avg", "line 10, .* gives another value each time"),
        ("tags.aum_month_avg", "current_date", "gives another value each time"),
        ("tags.aum_month_avg", "getenv('HOME')", "getenv is no function"),
        ("tags.aum_month_avg", "columns('aum.*')", "name the tag itself"),
        ("tags.aum_month_avg", "tags['credit_level']", "name the tag itself"),
        ("tags.aum_month_avg", "struct_extract(tags, 'credit_level')", "name the tag itself"),
        ("tags.aum_month_avg", "tags.credit_level.aum_spot", "a row or a part of one"),
        ("tags.aum_month_avg", "(select max(x) from marts.y)", "is read past ref"),
        ("ref('standard_tags')", "ref('int_customer__spine')", "a derived tag reads int_customer__spine"),
        ("{{ ref('standard_tags') }}", "{{ source('core', 'accounts') }}", "no other Jinja"),
        ("{{ ref('standard_tags') }}", "{{ target.schema }}.x", "no other Jinja"),
        ("{{ ref('standard_tags') }}", "marts.customer_tags", "is read past ref"),
        ("{{ ref('standard_tags') }}", '"marts"."customer_tags"', "is read past ref"),
        ("{{ ref('standard_tags') }}", "customer_tags", "is read past ref"),
        ("{{ ref('standard_tags') }}", "ref__standard_tags", "stands for a relation of ref"),
        ("{{ ref('standard_tags') }}", "read_parquet('x')", "no part of a derived tag|reads no function"),
        ("{{ ref('standard_tags') }}", "query('select 1')", "no function"),
        ("{{ ref('standard_tags') }}", "'x.parquet'", "is read past ref"),
        ("{{ ref('standard_tags') }}", "(from marts.customer_tags)", "is read past ref"),
        (READS, READS + ', "audiences"."audience__credit_warning" as w', "is read past ref"),
        (READS, READS + " where tags.customer_id = 'C1'", "customer_id picks a customer"),
        (READS, READS + " where tags.customer_id in ('C1', 'C2')", "customer_id picks a customer"),
        (READS, READS + " where substring(tags.customer_id, 1, 1) = 'C'", "customer_id picks a customer"),
        (READS, READS + " where exists (table marts.x)", "no part of a derived tag"),
        (READS, READS + " tablesample 10%", "another value each time"),
        (READS, READS + " where tags is null", "a row or a part of one|is no tag"),
        (READS, READS + " where to_json(tags) is null", "to_json is no function"),
        (READS, READS + " where e'\\\\'' <> 'x'", "Spark reads it as an escape"),
        (READS, READS + " /* x */", "a comment within a comment"),
        ("tags.as_of_date,", "tags.as_of_date, tags.*,", "a star reads every tag"),
        ("tags.as_of_date,", "tags.as_of_date, 1 as tags, cast(tags as varchar) as x,", "a row or a part of one"),
        ("tags.customer_id,", "tags.customer_id || '' as customer_id,", "customer_id picks a customer"),
        ("select * from derived_tags", "select * from derived_tags; select 1", "a derived tag is one select"),
        ("select * from derived_tags", "copy derived_tags to 'x'", "no SQL|one select"),
        ("with\n", "{% set x = 1 %}with\n", "no other Jinja"),
        ("with\n", "with recursive\n", "recursive"),
        ("derived_tags as (", "derived_tags (a, b, c, d) as (", "name them where they are selected"),
    ],
)
def test_a_derived_tag_reads_tags_alone(tmp_path, old, new, message):
    text = WEALTH_DESK.read_text(encoding="utf-8")
    assert old in text
    file = tmp_path / "derived_tags__x.sql"
    file.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(ModelError, match=message):
        read_derived_model(file, Path("derived_tags__x.sql"), TAGS, SEEDS)


def test_a_derived_tag_may_be_any_rule_over_tags(tmp_path):
    file = tmp_path / "derived_tags__x.sql"
    file.write_text(
        """
        with
        given as (
            select tags.customer_id, tags.as_of_date, tags.aum_spot, bands.band
            from {{ ref('standard_tags') }} as tags
            inner join {{ ref('derived_tags__wealth_desk') }} as desk on tags.customer_id = desk.customer_id
            left join {{ ref('portrait_bands') }} as bands on tags.aum_spot >= 1
            where tags.as_of_date = {{ as_of_date() }} and {{ within_days('tags.wealth_purchase', 30) }}
        ),
        ranked as (
            select
                given.*,
                row_number() over (partition by given.customer_id order by given.aum_spot desc) as place,
                case when given.aum_spot > 0 then 'some' else 'none' end as x__holding
            from given
        )
        select customer_id, as_of_date, max(x__holding) as x__holding, count(*) as x__rows
        from ranked where place = 1 group by customer_id, as_of_date
        """,
        encoding="utf-8",
    )
    read = read_derived_model(file, Path("x"), KnownTags({**TAGS.kinds, "band": TEXT}), SEEDS)
    assert read.columns == {
        "x__holding": {"aum_spot", "wealth_purchase_recency_days"},
        "x__rows": {"aum_spot", "wealth_purchase_recency_days"},
    }


@pytest.mark.parametrize(
    "rule",
    [
        "credit_level = 'poor'",
        "other_name = 'poor'",
        "aum_month_avg = 'poor'",
        "passed_on",
        "inner_one.y",
        "count(case when other_name = 'poor' then 1 end) over (partition by customer_id) > 0",
        "exists_in.z is not null",
    ],
)
def test_a_derived_tag_is_made_of_what_it_reads_under_whatever_name(tmp_path, rule):
    file = tmp_path / "derived_tags__x.sql"
    file.write_text(
        f"""
        with
        first_step as (
            select
                tags.customer_id, tags.as_of_date, tags.credit_level, tags.credit_level as other_name,
                tags.credit_level as aum_month_avg, coalesce(tags.credit_level, '') = 'poor' as passed_on, tags.aum_spot
            from {{{{ ref('standard_tags') }}}} as tags
        ),
        second_step as (
            select first_step.*, inner_one.y, exists_in.z
            from first_step
            left join (select s.customer_id, s.other_name = 'poor' as y from first_step as s) as inner_one
                on first_step.customer_id = inner_one.customer_id
            left join (select s.customer_id, 1 as z from first_step as s where s.passed_on) as exists_in
                on first_step.customer_id = exists_in.customer_id
        )
        select customer_id, as_of_date, {rule.replace("inner_one.", "").replace("exists_in.", "")} as x__is_it
        from second_step
        """,
        encoding="utf-8",
    )
    assert "credit_level" in read_derived_model(file, Path("x"), TAGS, SEEDS).columns["x__is_it"]


def test_each_derived_tag_is_made_of_its_own_tags():
    read = read_derived_model(WEALTH_DESK, WEALTH_DESK, TAGS, SEEDS)
    assert read.columns == {
        "wealth_desk__is_prime_customer": {"aum_month_avg", "suitability_status"},
        "wealth_desk__has_idle_cash": {"demand_deposit_spot", "wealth_purchase_count_90d"},
    }


# The seed


def test_the_conditions_are_parsed_as_they_stand(manifest):
    assert (PROJECT_ROOT / SEED).read_text(encoding="utf-8") == parsed_conditions(), (
        "run: banktags catalogue conditions"
    )
    by_name = {node["name"]: node for node in manifest["nodes"].values()}
    models = list(parsed_models())
    assert len(models) > 10
    for file, model in models:
        assert by_name[model.name]["checksum"]["checksum"] == checksum(file), model.name


def test_all_that_is_not_admitted_is_told_at_once(tmp_path):
    for folder in ("models/audiences", "models/tags", "seeds"):
        shutil.copytree(PROJECT_ROOT / folder, tmp_path / folder)
    for name in ("new_card", "cross_sell"):
        file = tmp_path / f"models/audiences/audience__{name}.sql"
        file.write_text(file.read_text(encoding="utf-8").replace("where is_", "where not_is_"), encoding="utf-8")
    (tmp_path / "models/audiences/audience__odd name.sql").write_text("select 1", encoding="utf-8")
    (tmp_path / "models/audiences/audience__bytes.sql").write_bytes(b"\xff")
    with pytest.raises(UnparsedModels) as refused:
        parsed_conditions(tmp_path)
    lines = str(refused.value).split("\n")
    assert len(lines) == 4 and all(line.startswith("models/audiences/audience__") for line in lines)


def test_the_command_refuses_an_unknown_option_and_checks():
    result = CliRunner().invoke(app, ["catalogue", "conditions", "--check"])
    assert result.exit_code == 0, result.output
