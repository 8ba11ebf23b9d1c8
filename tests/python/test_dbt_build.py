"""``dbt build`` on a small demo bank: every model builds, and every data test and unit test of the project passes."""

import pytest


@pytest.mark.parametrize("kind", ["seed", "model", "unit_test", "test"])
def test_every_node_succeeds(demo_warehouse, kind):
    outcomes = {node: status for node, status in demo_warehouse.results().items() if node.startswith(f"{kind}.")}
    assert outcomes, f"dbt build ran no {kind}"
    assert {n: status for n, status in outcomes.items() if status not in ("success", "pass", "warn")} == {}


def test_a_date_is_recorded_after_everything_else(manifest):
    """Every model and every check that can fail a build is upstream of the ledger, or checks the ledger itself."""
    ledger = "model.bank_tags.business_dates"
    upstream, waiting = set(), [ledger]
    while waiting:
        node = waiting.pop()
        if node not in upstream:
            upstream.add(node)
            waiting.extend(manifest["nodes"].get(node, {}).get("depends_on", {}).get("nodes", []))
    models = {name for name, node in manifest["nodes"].items() if node["resource_type"] == "model"}
    assert models - upstream == set()
