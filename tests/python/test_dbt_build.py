"""``dbt build`` on a small demo bank: every model builds, and every data test and unit test of the project passes."""

import pytest


@pytest.mark.parametrize("kind", ["seed", "model", "unit_test", "test"])
def test_every_node_succeeds(demo_warehouse, kind):
    outcomes = {node: status for node, status in demo_warehouse.results().items() if node.startswith(f"{kind}.")}
    assert outcomes, f"dbt build ran no {kind}"
    assert {n: status for n, status in outcomes.items() if status not in ("success", "pass", "warn")} == {}
