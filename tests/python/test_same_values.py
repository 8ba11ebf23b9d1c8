"""What definition_conflicts calls the same values are the same of every customer, and no such pair is left out."""

from collections import defaultdict
from itertools import combinations

CUSTOMERS = "marts.customer_tags"


def test_same_values_means_of_every_customer(demo_warehouse):
    said = demo_warehouse.rows(
        "select place_a, place_b from governance.definition_conflicts where conflict_kind = 'same_values'"
    )
    rules = dict(demo_warehouse.rows("select tag_code, rule_hash from governance.tag_rules"))
    types = dict(demo_warehouse.rows("select tag_code, data_type from governance.tag_dictionary"))
    columns = zip(*demo_warehouse.rows(f"select {', '.join(types)} from {CUSTOMERS} order by customer_id"), strict=True)
    alike = defaultdict(list)
    for (code, data_type), values in zip(types.items(), columns, strict=True):
        if len(set(values) - {None}) > 1:
            alike[data_type, values].append(code)
    expected = {
        pair for codes in alike.values() for pair in combinations(sorted(codes), 2) if rules[pair[0]] != rules[pair[1]]
    }
    assert expected
    assert {tuple(sorted(pair)) for pair in said} == expected
