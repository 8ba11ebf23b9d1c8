"""Lineage told by experiment: an input that a tag does not claim can't move it, and one that it claims can."""

import csv
import datetime
import random
import re
from collections import defaultdict
from collections.abc import Iterator

import duckdb
import pandas as pd
import pytest

from banktags.catalogue.sync import CATALOGUE_SEEDS
from banktags.seeds.rows import seed_file

AS_OF = datetime.date(2026, 6, 30)
#: Tags that are the largest of many measures, turned into rows and back: each once claimed the measures of all.
PREFERENCES = (
    *("preferred_channel_90d", "preferred_channel_share_90d", "preferred_product", "second_product"),
    *("preferred_wealth_type", "preferred_wealth_type_share", "second_wealth_type"),
    *(
        "preferred_consumption_90d",
        "preferred_consumption_share_90d",
        "second_consumption_90d",
        "third_consumption_90d",
    ),
    *("has_travel_preference_90d", "has_dining_preference_90d", "has_fitness_preference_90d"),
)
#: What decides only where a row of policy says so that the demo bank's currency has not: its M of RFM is AUM.
OF_ANOTHER_POLICY = {"activity_amount_365d"}
#: What becomes of a column, by kind of its type: of all customers the same, or of each what another one has.
OTHERS = "lead({0}, 7) over (order by sha256(customer_id))"
CHANGES = {
    "BOOLEAN": ("not {0}", "true", "false", "null", OTHERS),
    "VARCHAR": ("null", OTHERS),
    "DATE": ("null", "{0} - interval 400 days", "{0} + interval 400 days", OTHERS),
    "NUMBER": ("null", "0", "1", "{0} + 1", "1000000", "-{0} - 1", OTHERS, "{0} * 37", "{0} / 37"),
}


def recorded(name: str) -> list[dict[str, str]]:
    with (CATALOGUE_SEEDS / name).open(encoding="utf-8") as rows:
        return list(csv.DictReader(rows))


RULES = {row["tag_code"]: row for row in recorded("tag_rules.csv")}


def claimed_tags() -> dict[str, set[str]]:
    claimed: dict[str, set[str]] = defaultdict(set)
    for row in recorded("tag_rule_inputs.csv"):
        if row["input_kind"] == "tag":
            claimed[row["tag_code"]].add(row["input_name"])
    return claimed


CLAIMED = claimed_tags()
SAMPLE = sorted(random.Random(25).sample(sorted(CLAIMED.keys() - set(PREFERENCES)), 25))
LONG = (pytest.mark.slow, pytest.mark.long)
TAGS = [*PREFERENCES, *(pytest.param(tag, marks=LONG) for tag in SAMPLE)]


class Bench:
    """A copy of what one rule reads, in which columns can be changed; the warehouse itself stays as it is."""

    def __init__(self, database: str, sql: str) -> None:
        self.con = duckdb.connect()
        self.con.execute(f"attach '{database}' as bank (read_only)")
        self.sql = sql
        self.relations = sorted(set(re.findall(r"(?:from|join)\s+([a-z]+\.[a-z_0-9]+)", self.sql)))
        self.columns: dict[str, dict[str, str]] = {}
        for relation in self.relations:
            self.con.execute(f"create schema if not exists {relation.split('.')[0]}")
            self.con.execute(f"create table {relation}__kept as select * from bank.{relation}")
            described = self.con.execute(f"describe {relation}__kept").fetchall()
            is_of_tags = relation.startswith(("tags.", "segments."))
            self.columns[relation] = {name: kind for name, kind, *_ in described if is_of_tags and name in RULES}
        self.begin_with({})

    def _rule(self) -> str:
        return self.sql.replace("$as_of_date", f"date '{AS_OF}'")

    def change(self, changes: dict[tuple[str, str], str]) -> None:
        """Put an expression in place of each (relation, column)."""
        for relation in self.relations:
            replaced = [
                f"try_cast({change.format(column)} as {self.columns[relation][column]}) as {column}"
                for (changed, column), change in changes.items()
                if changed == relation
            ]
            replace = f" replace ({', '.join(replaced)})" if replaced else ""
            self.con.execute(f"create or replace view {relation} as select *{replace} from {relation}__kept")

    def moved(self) -> int:
        """Customers whose value is another one than before."""
        return self.con.execute(
            f"select count(*) from (select * from ({self._rule()}) except all select * from before)"
        ).fetchone()[0]

    def begin_with(self, changes: dict[tuple[str, str], str]) -> None:
        """What was changed like this is what is compared with from now on."""
        self.change(changes)
        self.con.execute("create or replace table before as " + self._rule())

    def inputs(self) -> Iterator[tuple[str, str, tuple[str, ...]]]:
        """Relation, column and possible changes of each tag that the rule could read."""
        for relation, columns in self.columns.items():
            for column, kind in columns.items():
                yield relation, column, CHANGES.get(kind, CHANGES["NUMBER"])


@pytest.mark.parametrize("tag", TAGS)
def test_what_is_not_claimed_moves_nothing(demo_warehouse, rule_texts, tag):
    bench = Bench(str(demo_warehouse.database), rule_texts[tag])
    unclaimed = [each for each in bench.inputs() if each[1] not in CLAIMED[tag]]
    for turn in range(max((len(changes) for *_, changes in unclaimed), default=0)):
        # All at once: each may move nothing, so neither may they together.
        bench.change({(relation, column): kind[turn % len(kind)] for relation, column, kind in unclaimed})
        assert bench.moved() == 0, turn


@pytest.mark.parametrize("tag", TAGS)
def test_what_is_claimed_can_move_the_tag(demo_warehouse, rule_texts, tag):
    bench = Bench(str(demo_warehouse.database), rule_texts[tag])
    claimed = [each for each in bench.inputs() if each[1] in CLAIMED[tag]]
    assert {column for _, column, _ in claimed} == CLAIMED[tag]
    open_ones = set(CLAIMED[tag]) - (OF_ANOTHER_POLICY if tag.startswith("rfm_") else set())
    # First each alone; what only decides together with another input, while those are changed too.
    for turn in (None, *range(max((len(changes) for *_, changes in claimed), default=0))):
        for column in sorted(open_ones):
            others = {
                (relation, name): changes[turn % len(changes)]
                for relation, name, changes in claimed
                if turn is not None and name != column
            }
            bench.begin_with(others)
            mine = [(relation, changes) for relation, name, changes in claimed if name == column]
            for change in mine[0][1]:
                bench.change(others | {(relation, column): change for relation, _ in mine})
                if bench.moved():
                    open_ones.discard(column)
                    break
    assert not open_ones


def test_a_preferred_channel_is_made_of_the_channels():
    """渠道偏好 really reads three counts, and whether there is a customer to judge."""
    counts = {f"{channel}_transaction_count_90d" for channel in ("digital", "counter", "atm")}
    assert CLAIMED["preferred_channel_90d"] == counts | {"relationship_status"}
    assert CLAIMED["preferred_channel_share_90d"] == counts | {"relationship_status"}


def test_no_two_preferences_of_different_kinds_have_the_same_inputs():
    for one, other in (("preferred_product", "preferred_wealth_type"), ("preferred_channel_90d", "preferred_product")):
        assert CLAIMED[one] != CLAIMED[other]
    spending = {tag for tag in CLAIMED["preferred_consumption_90d"] if "spending" in tag}
    assert len(spending) == 12 and "aum_fund_spot" not in CLAIMED["preferred_consumption_90d"]


# The numbers in force, against the seeds' own files


def seed_in_force(name: str) -> pd.DataFrame:
    """Rows of a policy seed that hold on the business date for the currency of the demo bank, all as text."""
    rows = pd.read_csv(seed_file(name), dtype=str)
    holds = (rows["valid_from"] <= str(AS_OF)) & (rows["valid_to"].isna() | (rows["valid_to"] > str(AS_OF)))
    if "currency" in rows:
        holds &= rows["currency"].isna() | (rows["currency"] == "CNY")
    return rows[holds]


@pytest.fixture(scope="module")
def parameters(demo_warehouse) -> pd.DataFrame:
    with duckdb.connect(str(demo_warehouse.database), read_only=True) as con:
        return con.execute("select *, cast(value as double) as number from governance.tag_parameters").df()


def test_the_tiers_of_a_customer_are_told_with_their_amounts(parameters):
    tiers = seed_in_force("pyramid_tiers").set_index("tier")
    for tag in ("aum_tier", "aum_tier_spot"):
        mine = parameters[parameters["tag_code"] == tag]
        for column in ("aum_from", "aum_to"):
            found = mine[mine["value_column"] == column].set_index("seed_row")["number"].to_dict()
            assert found == tiers[column].dropna().astype(float).to_dict()
    of_the_highest = parameters[(parameters["tag_code"] == "aum_tier") & (parameters["seed_row"] == "private_banking")]
    assert of_the_highest[["number", "unit"]].values.tolist() == [[8_000_000, "base currency"]]


def test_the_thresholds_of_a_rule_are_told_of_the_tags_that_read_them(parameters):
    """The seed says which tag a threshold is for: that tag shows it, with its value, unit and source."""
    thresholds = seed_in_force("rule_thresholds")
    told = parameters[parameters["seed_name"] == "rule_thresholds"].set_index(["tag_code", "seed_row"])
    of_tags = thresholds[thresholds["rule"].isin(RULES)]
    assert len(of_tags) > 50
    for row in of_tags.itertuples():
        shown = told.loc[(row.rule, f"{row.rule} / {row.parameter}")]
        assert (shown["number"], shown["unit"], shown["source"]) == (float(row.value), row.unit, row.source)


def test_the_weights_of_a_preference_are_those_of_its_rows(parameters):
    weights = seed_in_force("preference_weights")
    for tag, preference in (("preferred_channel_90d", "channel"), ("preferred_consumption_90d", "consumption")):
        mine = parameters[(parameters["tag_code"] == tag) & (parameters["seed_name"] == "preference_weights")]
        wanted = weights[weights["preference"] == preference]
        assert mine.set_index("seed_row")["number"].to_dict() == {
            f"{row.preference} / {row.tag_code}": float(row.weight) for row in wanted.itertuples()
        }


def test_no_number_is_told_that_the_seeds_do_not_hold(parameters):
    for seed, rows in parameters.groupby("seed_name"):
        file = pd.read_csv(seed_file(seed), dtype=str)
        for column, told in rows.groupby("value_column"):
            assert set(told["number"]) <= set(file[column].dropna().astype(float)), (seed, column)


# What the warehouse says of its seeds, and what lasts


def test_every_seed_and_each_of_its_columns_has_a_comment(demo_warehouse, manifest):
    seeds = {(node["schema"], node["name"]) for node in manifest["nodes"].values() if node["resource_type"] == "seed"}
    with duckdb.connect(str(demo_warehouse.database), read_only=True) as con:
        tables = con.execute("select schema_name, table_name, comment from duckdb_tables()").fetchall()
        columns = con.execute("select schema_name, table_name, column_name, comment from duckdb_columns()").fetchall()
    assert {(schema, name) for schema, name, comment in tables if comment} >= {
        (schema, name) for schema, name, _ in tables if (schema, name) in seeds
    }
    assert [
        (table, column) for schema, table, column, comment in columns if (schema, table) in seeds and not comment
    ] == []


def test_what_a_campaign_can_move_is_not_known_before(demo_warehouse):
    with duckdb.connect(str(demo_warehouse.database), read_only=True) as con:
        lasting = {code for (code,) in con.execute("select tag_code from governance.lasting_tags").fetchall()}
    assert {"gender", "age_years", "birth_date", "registered_province"} <= lasting
    # Assigned, agreed on or recorded by the bank: each can follow from what a campaign did.
    moved = {
        "has_manager",
        "branch_id",
        "relationship_status",
        "occupation",
        "city",
        "lead_source",
        "is_silver_customer",
    }
    assert not lasting & moved
