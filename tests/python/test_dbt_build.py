"""``dbt build`` on a small demo bank: every model builds, and every data test and unit test of the project passes."""

from types import SimpleNamespace

import jinja2
import pytest

from banktags.contract import PROJECT_ROOT


@pytest.mark.parametrize("kind", ["seed", "model", "unit_test", "test"])
def test_every_node_succeeds(demo_warehouse, kind):
    outcomes = {node: status for node, status in demo_warehouse.results().items() if node.startswith(f"{kind}.")}
    assert outcomes, f"dbt build ran no {kind}"
    assert {n: status for n, status in outcomes.items() if status not in ("success", "pass", "warn")} == {}


def test_a_build_that_went_well_is_recorded(demo_warehouse):
    """Only the date of the build, with the customers of the spine: the statement of the hook and the model agree."""
    recorded = demo_warehouse.rows("select as_of_date, previous_date, customers from history.business_dates")
    spine = demo_warehouse.rows("select count(*), min(as_of_date) from intermediate.int_customer__spine")
    ((customers, as_of_date),) = spine
    assert recorded == [(as_of_date, None, customers)]


MODELS = {f"model.p.{name}": "table" for name in ("staged", "tags", "ledger")} | {"model.p.inlined": "ephemeral"}
BUILT = {
    "seed.p.policy": "success",
    "model.p.staged": "success",
    "model.p.tags": "success",
    "model.p.ledger": "success",
}


@pytest.mark.parametrize(
    ("command", "outcomes", "recorded"),
    [
        pytest.param("build", BUILT, True, id="all models, no check"),
        pytest.param("build", BUILT | {"test.p.one": "pass", "unit_test.p.two": "pass"}, True, id="checks pass"),
        pytest.param("build", BUILT | {"test.p.one": "warn"}, True, id="a check warns"),
        pytest.param("build", BUILT | {"exposure.p.album": "no-op"}, True, id="what there is nothing to do for"),
        pytest.param("build", BUILT | {"test.p.one": "fail"}, False, id="a check fails"),
        pytest.param("build", BUILT | {"unit_test.p.one": "fail"}, False, id="a unit test fails"),
        pytest.param("build", BUILT | {"test.p.one": "error"}, False, id="a check cannot be run"),
        pytest.param("build", BUILT | {"test.p.one": "skipped"}, False, id="a check is skipped"),
        pytest.param("build", BUILT | {"model.p.tags": "error"}, False, id="a model fails"),
        pytest.param("build", BUILT | {"model.p.tags": "skipped"}, False, id="a model is skipped"),
        pytest.param("build", BUILT | {"model.p.tags": "partial success"}, False, id="a model is half built"),
        pytest.param("build", BUILT | {"seed.p.policy": "error"}, False, id="a seed fails"),
        pytest.param(
            "build", {node: end for node, end in BUILT.items() if node != "model.p.staged"}, False, id="a selection"
        ),
        pytest.param("build", {}, False, id="nothing was run"),
        pytest.param("run", BUILT, False, id="dbt run checks nothing"),
        pytest.param("test", {"test.p.one": "pass"}, False, id="dbt test builds nothing"),
    ],
)
def test_only_a_whole_build_that_went_well_is_recorded(command, outcomes, recorded):
    source = (PROJECT_ROOT / "macros" / "run" / "record_business_date.sql").read_text(encoding="utf-8")
    found = []
    nodes = {
        node: SimpleNamespace(
            resource_type="model",
            package_name="p",
            unique_id=node,
            config=SimpleNamespace(materialized=materialized),
        )
        for node, materialized in MODELS.items()
    }
    environment = jinja2.Environment(extensions=["jinja2.ext.do"])
    environment.globals |= {
        "flags": SimpleNamespace(WHICH=command),
        "graph": SimpleNamespace(nodes=nodes),
        "project_name": "p",
        "return": found.append,
    }
    results = [SimpleNamespace(status=end, node=SimpleNamespace(unique_id=node)) for node, end in outcomes.items()]
    environment.from_string(source).module.is_whole_build(results)
    # A macro of dbt ends at its first return; in this one the first answer is the one that counts.
    assert found[0] is recorded
