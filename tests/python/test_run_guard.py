"""What a dbt run is refused for before it builds anything: variables, dates, and inputs that stand on another date."""

import datetime
import gc
import re
import shutil
from dataclasses import dataclass, field
from pathlib import Path

import duckdb
import pytest
import yaml
from dbt.adapters.duckdb.connections import DuckDBConnectionManager
from dbt.artifacts.resources import Hook
from dbt.cli.main import dbtRunner
from dbt.contracts.graph.manifest import Manifest
from dbt_warehouse import contents
from tiny_bank import accounts, customers, deliver

from banktags.contract import PROJECT_ROOT
from banktags.variables import DEFINITIONS, known_variables, variable_faults

FOLDERS = ("--project-dir", str(PROJECT_ROOT), "--profiles-dir", str(PROJECT_ROOT))
FIRST, MIDDLE, LAST = (datetime.date(2026, 6, day) for day in (28, 29, 30))
#: A table of one business date, and one that reads it.
SPINE, READER = "int_customer__spine", "audience_holdout"
CHECK = "dbt_utils_unique_combination_of_columns_int_customer__spine_customer_id"


@dataclass(frozen=True)
class Bank:
    """Landed extracts and a warehouse, on which dbt runs in this process."""

    folder: Path
    manifest: Manifest
    outcomes: dict[str, str] = field(default_factory=dict)

    @property
    def raw(self) -> Path:
        return self.folder / "raw"

    @property
    def database(self) -> Path:
        return self.folder / "bank_tags.duckdb"

    def dbt(self, *arguments: str, variables: str = "{}", **settings: str) -> str | None:
        """Why dbt did not succeed; None when it did."""
        for source in self.manifest.sources.values():
            files = f"{self.raw}/{source.source_name}/{source.name}/dt=*/*.parquet"
            location = {"external_location": f"read_parquet('{files}', hive_partitioning = true)"}
            source.meta.update(location)
            source.config.meta.update(location)
        options = ("--quiet", "--log-level", "none", "--no-write-json", "--vars", variables, *FOLDERS)
        settings |= {"BANK_TAGS_RAW": str(self.raw), "BANK_TAGS_DB": str(self.database)}
        settings |= {"BANK_TAGS_WORK": str(self.database)}
        settings |= {"DBT_TARGET_PATH": str(self.folder / "target"), "BANK_TAGS_PII_KEY": "key-of-the-tests"}
        with pytest.MonkeyPatch.context() as patch:
            for name, value in settings.items():
                patch.setenv(name, value)
            said: list[str] = []
            runner = dbtRunner(manifest=self.manifest, callbacks=[lambda event: said.append(event.info.msg)])
            result = runner.invoke([*arguments, *options])
        error = None if result.success else "\n".join([*said, str(result.exception)])
        self.outcomes.clear()
        self.outcomes.update(
            # Of what was built or tested: a macro run alone has no node.
            {node.node.name: str(node.status) for node in result.result or () if hasattr(node, "node")}
        )
        # dbt, and the traceback of its failure, keep the warehouse open; the test wants to read it.
        del result
        DuckDBConnectionManager.close_all_connections()
        gc.collect()
        return error

    def data_tests(self, *names: str) -> dict[str, str]:
        """Outcome by name of data tests."""
        assert self.dbt("test", "--select", *names) is None
        return {name: self.outcomes[name] for name in names}

    def run(self, *models: str, variables: str = "{}", **settings: str) -> str | None:
        return self.dbt("run", "--select", *models, variables=variables, **settings)

    def dates(self) -> list[tuple]:
        """The business dates that the customers stand on."""
        with duckdb.connect(str(self.database), read_only=True) as con:
            return con.execute(f"select distinct as_of_date from intermediate.{SPINE}").fetchall()


@pytest.fixture(scope="module")
def built(parsed_project, tmp_path_factory) -> Bank:
    """Three batches, and the customers as of the last one; not to be changed."""
    bank = Bank(tmp_path_factory.mktemp("guarded"), parsed_project.deepcopy())
    deliver(bank.folder / "1", bank.raw, FIRST, {"core.customers": customers("1", "2")})
    deliver(bank.folder / "2", bank.raw, MIDDLE, {"core.accounts": accounts("1")})
    deliver(bank.folder / "3", bank.raw, LAST, {"core.customers": customers("3")})
    assert bank.dbt("seed") is None
    assert bank.run(f"+{SPINE}") is None
    return bank


@pytest.fixture
def bank(built, tmp_path) -> Bank:
    """A copy for one test to change."""
    shutil.copytree(built.raw, tmp_path / "raw")
    shutil.copy(built.database, tmp_path / built.database.name)
    return Bank(tmp_path, built.manifest)


def test_a_table_that_keeps_other_dates_is_spared_or_nothing_is_built(parsed_project, tmp_path):
    """Whatever adds to what it holds, and reads no extract that could fill it again."""
    kept = [
        node
        for node in parsed_project.nodes.values()
        if node.resource_type == "model"
        and node.config.materialized == "incremental"
        and not any(upstream.startswith("source.") for upstream in node.depends_on.nodes)
    ]
    assert {"tag_quality", "tag_distribution", "tag_changes", "tier_alerts"} <= {node.name for node in kept}
    assert [node.name for node in kept if node.config.full_refresh is not False] == []


@pytest.mark.parametrize("name", ["tag_quality", "tag_changes"])
@pytest.mark.parametrize("full_refresh", [None, True])
def test_a_table_that_is_not_spared_stops_a_build(bank, name, full_refresh):
    unspared = Bank(bank.folder, bank.manifest.deepcopy())
    unspared.manifest.nodes[f"model.bank_tags.{name}"].config.full_refresh = full_refresh
    unspared.manifest.build_flat_graph()
    assert f"{name} keeps what it was built of on other dates" in unspared.run(SPINE)
    assert bank.run(SPINE) is None


#: What is changed in the entries of audiences, and what a build is refused for then.
ENTRIES = {
    "new_card": ({"channel": ["SMS"]}, "says channel, which is no field of an audience: take one of name_zh, purpose"),
    "cross_sell": ({"excluding": "credit_warning"}, "says excluding credit_warning: write a list of names"),
    "dormant_recall": ({"including": ["maturity_reminder"]}, "includes maturity_reminder, whose purpose is service"),
    "card_instalment": ({"min_confidence": {"age_years": 7}}, "a confidence is a number from 0 to 1"),
    "graduate_overseas_shopper": (
        {"min_confidence": {"bureau_credit_score": 0.5}},
        "reads bureau_credit_score of security level 4: for marketing level 3 is the highest",
    ),
    "high_net_worth_wealth": ({"excluding": ["responsive_customers"]}, "names itself by the sets that it includes and"),
    "responsive_customers": ({"priority": "first"}, "says priority first: write a whole number"),
    "white_collar_benefits": ({"owner": None}, "has no owner: write owner: … into its meta"),
    "wealth_promotion": ({"product": 7}, "says product 7, which is no text"),
    "maturity_reminder": ({"product": "TD01"}, "offers product TD01: an offer is marketing, whatever it calls itself"),
    "no_recent_wealth_purchase": (None, "has no entry: write config: {meta: {audience:"),
}


def test_an_audience_that_asks_for_what_is_not_admitted_stops_a_build(bank):
    """Whatever its entry says, and before anything is built: all at once, each with its audience."""
    unlike = Bank(bank.folder, bank.manifest.deepcopy())
    nodes = unlike.manifest.nodes
    for name, (said, _) in ENTRIES.items():
        meta = nodes[f"model.bank_tags.audience__{name}"].config.meta
        meta["audience"] = None if said is None else meta["audience"] | said
    nodes["model.bank_tags.audience__service_recovery"].config.materialized = "table"
    screening = nodes["model.bank_tags.audience_screening"]
    screening.depends_on.nodes.remove("model.bank_tags.audience__credit_warning")
    unlike.manifest.build_flat_graph()
    error = unlike.run(SPINE)
    for name, (_, problem) in ENTRIES.items():
        assert re.search(rf"the audience {name} [^;]*(; it [^;]*)*{re.escape(problem)}", error), (name, error)
    assert "audience__service_recovery is materialized as table: leave that out, an audience is no relation" in error
    assert (
        "audience__credit_warning is read by nobody: write its name into models/audiences/audience_screening" in error
    )
    assert bank.run(SPINE) is None


def test_a_condition_that_was_not_parsed_as_it_stands_stops_a_build(bank):
    unlike = Bank(bank.folder, bank.manifest.deepcopy())
    changed, hooked = (
        unlike.manifest.nodes[f"model.bank_tags.audience__{name}"] for name in ("new_card", "cross_sell")
    )
    changed.checksum.checksum = "0" * 64
    hooked.config.pre_hook.append(Hook(sql="drop table x"))
    unlike.manifest.build_flat_graph()
    error = unlike.run(SPINE)
    assert "audience__new_card.sql are not those that were parsed: run banktags catalogue conditions" in error
    assert "audience__cross_sell.sql is given a hook or a header, which nobody parses" in error


NO_DATE = r"as_of_date is .*, and must be a business date, as YYYY-MM-DD"
NOT_ADMITTED = {
    "{as_of_date: '2026-13-45'}": NO_DATE,
    "{as_of_date: '2026-02-30'}": NO_DATE,
    "{as_of_date: '2025-02-29'}": NO_DATE,
    "{as_of_date: '20260630'}": NO_DATE,
    "{as_of_date: 20260630}": NO_DATE,
    "{as_of_date: 30.06.2026}": NO_DATE,
    "{as_of_date: today}": NO_DATE,
    "{as_of_date: ''}": NO_DATE,
    "{as_of_date: null}": NO_DATE,
    "{as_of_date: 2026-6-5}": NO_DATE,
    "{as_of_date: 2026/06/30}": NO_DATE,
    "{as_of_date: 2026-06-30 12:00:00}": NO_DATE,
    "{as_of_date: '2026-06-30\n'}": NO_DATE,
    "{as_of_date: '0000-01-01'}": NO_DATE,
    "{as_of_date: '２０２６-06-30'}": NO_DATE,
    "{as_of_date: [2026-06-30]}": NO_DATE,
    '{as_of_date: "2026-06-30\'; select 1; --"}': NO_DATE,
    '{as_of_date: "{{ run_started_at }}"}': NO_DATE,
    "{as_of_dat: 2026-05-31}": "no variable is called as_of_dat. Did you mean as_of_date?",
    "{date: 2026-05-31}": "no variable is called date. Did you mean as_of_date?",
    "{currency: CZK}": "no variable is called currency. Did you mean base_currency?",
    "{session_gap: 10}": "no variable is called session_gap. Did you mean session_gap_minutes?",
    "{bank_tags: {as_of_date: 2026-06-30}}": "no variable is called bank_tags",
    "{base_currency: cny}": "base_currency is .*cny.*, and must be the three capital letters",
    "{base_currency: null}": "base_currency is null, and must be the three capital letters",
    "{base_currency: \"CNY' or '1'='1\"}": "base_currency is .*, and must be the three capital letters",
    "{home_country: ZZZ}": "home_country is .*ZZZ.*, and must be the two capital letters",
    "{session_gap_minutes: -5}": "session_gap_minutes is .*-5.*, and must be a whole number of minutes",
    "{session_gap_minutes: 0}": "session_gap_minutes is .*0.*, and must be a whole number of minutes",
    "{session_gap_minutes: 2.5}": "session_gap_minutes is .*2.5.*, and must be a whole number of minutes",
    "{session_gap_minutes: true}": "session_gap_minutes is .*True.*, and must be a whole number of minutes",
    "{session_gap_minutes: abc}": "session_gap_minutes is .*abc.*, and must be a whole number of minutes",
    "{session_gap_minutes: 241}": "session_gap_minutes is .*241.*, and must be a whole number of minutes from 1 to 240",
    "{session_gap_minutes: 9999}": "session_gap_minutes is .*9999.*, and must be a whole number of minutes",
    "{session_gap_minutes: 1e1}": "session_gap_minutes is .*, and must be a whole number of minutes",
    "{session_gap_minutes: .inf}": "session_gap_minutes is .*inf.*, and must be a whole number of minutes",
    "{session_gap_minutes: '٣٠'}": "session_gap_minutes is .*, and must be a whole number of minutes",
    "{risk_assessment_validity_months: 37}": "risk_assessment_validity_months is .*37.*, and must be .* from 1 to 36",
    "{redelivery_days: 367}": "redelivery_days is .*367.*, and must be a whole number of days from 1 to 366",
    "{foreign_currency_treatment: Convert}": "foreign_currency_treatment is .*, and must be convert, refuse or warn",
    "{sesion_gap_minutes: 30}": "Did you mean session_gap_minutes?",
    "{risk_assessment_validity_month: 12}": "Did you mean risk_assessment_validity_months?",
    "{risk_assessment_validity_months: -1}": "risk_assessment_validity_months is .*-1.*, and must be a whole number",
    "{quality_reference_date: foo}": "quality_reference_date is .*foo.*, and must be a business date",
}


REFUSED = {
    '{as_of_date: "2026-06-30\'; select 1; --"}': NO_DATE,
    "{as_of_date: 1999-01-01}": "as_of_date is 1999-01-01, and the extracts begin on 2026-06-28",
    "{as_of_date: 2026-06-27}": "the extracts begin on 2026-06-28",
    "{as_of_date: 2026-07-01}": "as_of_date is 2026-07-01, and the last complete batch is of 2026-06-30",
    "{base_currency: XYZ}": "base_currency is XYZ, and seed .* run banktags new currency XYZ",
}


@pytest.mark.parametrize("variables", NOT_ADMITTED)
def test_a_variable_that_is_not_admitted_is_named(built, variables):
    error = built.dbt("run-operation", "check_variables", variables=variables)
    assert error
    assert re.search(NOT_ADMITTED[variables], error, re.DOTALL), error


@pytest.mark.parametrize("variables", REFUSED)
def test_nothing_is_built_of_a_run_that_is_refused(built, variables):
    before = contents(built.database)
    error = built.run("+segment__pyramid", variables=variables)
    assert error
    assert re.search(REFUSED[variables], error, re.DOTALL), error
    assert "Nothing was built" in error
    assert contents(built.database) == before


def test_what_is_admitted_is_not_refused(built):
    said = "{as_of_date: 2024-02-29, base_currency: CZK, home_country: CZ, session_gap_minutes: 1}"
    assert built.dbt("run-operation", "check_variables", variables=said) is None
    assert built.dbt("run-operation", "check_variables", variables="quality_reference_date: null") is None


def test_each_variable_of_the_project_says_what_it_admits():
    project = yaml.safe_load((PROJECT_ROOT / "dbt_project.yml").read_text(encoding="utf-8"))
    assert set(known_variables()) == project["vars"].keys()
    assert variable_faults() == []


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (
            "  session_gap_minutes: 30",
            "  session_gap_minute: 30",
            "no variable is called session_gap_minute. Did you mean",
        ),
        (
            "  home_country: CN",
            "  home_country: CN\n  homecountry: CN",
            "called homecountry. Did you mean home_country?",
        ),
        ("  redelivery_days: 31\n", "", "the variable redelivery_days is missing"),
    ],
)
def test_a_name_in_the_project_that_nobody_reads_is_told_with_the_nearest(tmp_path, old, new, said):
    """What stands for the mistyped variable would be its default."""
    (tmp_path / DEFINITIONS).parent.mkdir(parents=True)
    shutil.copy(PROJECT_ROOT / DEFINITIONS, tmp_path / DEFINITIONS)
    text = (PROJECT_ROOT / "dbt_project.yml").read_text(encoding="utf-8")
    assert old in text
    (tmp_path / "dbt_project.yml").write_text(text.replace(old, new), encoding="utf-8")
    assert any(said in line and line.startswith("dbt_project.yml: ") for line in variable_faults(tmp_path))


def test_the_date_and_the_currency_are_read_through_their_macros():
    """Elsewhere their default, null, would reach SQL as a text."""
    raw = re.compile(r"""\bvar\(\s*["'](as_of_date|base_currency)["']""")
    files = [path for folder in ("macros", "models", "tests/dbt") for path in (PROJECT_ROOT / folder).rglob("*.sql")]
    assert sorted(path.name for path in files if raw.search(path.read_text(encoding="utf-8"))) == [
        "check_run.sql",
        "variables.sql",
    ]


def test_without_variables_the_date_is_that_of_the_last_complete_batch(bank):
    assert bank.dates() == [(LAST,)]
    deliver(bank.folder / "4", bank.raw, LAST + datetime.timedelta(days=9), {"core.customers": customers("4")})
    assert bank.run(f"+{SPINE}") is None
    assert bank.dates() == [(LAST + datetime.timedelta(days=9),)]


def test_an_incomplete_batch_is_not_the_last_complete_one(bank):
    next(bank.raw.glob(f"core/customers/dt={LAST}/*.parquet")).unlink()
    assert bank.run(f"+{SPINE}") is None
    assert bank.dates() == [(MIDDLE,)]
    error = bank.run(f"+{SPINE}", variables=f"as_of_date: {LAST}")
    assert "the last complete batch is of 2026-06-29" in error
    assert "core.customers: the control table promises 1 rows for 2026-06-30, 0 have landed" in error


def test_a_selection_on_another_date_than_its_inputs_is_refused(bank):
    before = contents(bank.database)
    error = bank.run(READER, variables=f"as_of_date: {MIDDLE}")
    assert f"{SPINE}, which the selection reads and does not build, stands on 2026-06-30" in error
    assert contents(bank.database) == before
    assert bank.run(f"+{SPINE}", variables=f"as_of_date: {MIDDLE}") is None  # with what it reads, as a look at the past
    assert bank.dates() == [(MIDDLE,)]
    error = bank.run(READER)  # as of the last batch
    assert f"as_of_date is {LAST}, and {SPINE}" in error
    assert "stands on 2026-06-29: build that date (--vars 'as_of_date: 2026-06-29')" in error


def test_a_selection_on_the_date_of_its_inputs_is_built(bank):
    assert bank.run(READER) is None
    assert bank.run(SPINE, READER, variables=f"as_of_date: {LAST}") is None


def test_data_tests_of_another_date_than_the_tables_are_refused(built):
    error = built.dbt("test", "--select", CHECK, variables=f"as_of_date: {FIRST}")
    assert f"as_of_date is {FIRST}, and {SPINE}" in error
    assert built.dbt("test", "--select", CHECK) is None


def test_the_setting_of_the_currency_holds_where_no_variable_does(built):
    assert "base_currency is XYZ, and seed" in built.run("+segment__pyramid", BANK_TAGS_CURRENCY="XYZ")
    assert "BANK_TAGS_CURRENCY is" in built.run("+segment__pyramid", BANK_TAGS_CURRENCY="x' or 1=1")


def test_the_age_of_a_table_is_no_warning_where_the_bank_never_delivered_it(bank):
    names = [f"source_delivered_as_of_{table}_3" for table in ("core_transactions", "digital_app_events")]
    posting = {"account_id": "A-1", "direction": "IN", "amount": "5.00", "transaction_type": "DEPOSIT"}
    posting |= {"transaction_id": "T", "transaction_date": "2026-06-20"}
    # Silent before the first delivery, a warning when no more come, silent when the bank says that none are due.
    assert bank.data_tests(*names) == dict.fromkeys(names, "pass")
    deliver(bank.folder / "old", bank.raw, datetime.date(2026, 6, 20), {"core.transactions": [posting]})
    assert bank.data_tests(*names) == {names[0]: "warn", names[1]: "pass"}
    with duckdb.connect(str(bank.database)) as con:
        con.execute("insert into policy.delivery_expectations values ('core', 'transactions', 'no', 'weekly')")
    assert bank.data_tests(*names) == dict.fromkeys(names, "pass")
