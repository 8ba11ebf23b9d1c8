"""Counts that are told: right on average, nothing of few, and no two of them give one customer away."""

import random
import statistics

import pytest

from banktags.audience.small_counts import Group, few, told


def customers(draw: random.Random, size: int) -> Group:
    """A group of that many customers."""
    return sum((Group(1, draw.getrandbits(64)) for _ in range(size)), Group())


@pytest.mark.parametrize("least", [5, 20, 40])
def test_few_are_never_told_and_others_are_rounded(least):
    draw = random.Random(least)
    for size in range(4 * least):
        for _ in range(20):
            shown = told(size, "candidates", customers(draw, size), least)
            if size < least:
                assert shown is None
            if size >= 2 * least:
                assert shown is not None
            if shown is not None:
                assert shown % least == 0 and shown >= 2 * least and abs(shown - size) < least


def test_a_count_is_right_on_average():
    draw = random.Random(1)
    shown = [told(97, "members", Group(200, draw.getrandbits(64)), 20) for _ in range(4_000)]
    assert abs(statistics.mean(shown) - 97) < 1 and set(shown) == {80, 100}


def test_the_same_customers_have_the_same_count_however_they_are_found():
    draw = random.Random(2)
    parts = [customers(draw, size) for size in (31, 17, 5)]
    found, other_way = sum(parts, Group()), sum(reversed(parts), Group())
    assert told(found.size, "candidates", found, 20) == told(other_way.size, "candidates", other_way, 20)
    assert told(33, "excluded", found, 20) == told(33, "excluded", other_way, 20)


def test_one_customer_more_does_not_show_in_the_count_that_they_are_in():
    """Of two conditions one finds a customer more: the count of a gate differs as often, be they in it or not."""
    draw = random.Random(3)
    differ = {True: [], False: []}
    grew = {True: [], False: []}
    for number in range(30_000):
        is_removed = number % 2 == 0
        found = Group(draw.randint(100, 900), draw.getrandbits(64))
        removed = draw.randint(40, 100)
        before = told(removed, "excluded", found, 20)
        after = told(removed + is_removed, "excluded", found + Group(1, draw.getrandbits(64)), 20)
        differ[is_removed].append(before != after)
        grew[is_removed].append(after > before)
    assert abs(statistics.mean(differ[True]) - statistics.mean(differ[False])) < 0.02
    # A rise is a little likelier where the one is in it: by one in the least group.
    assert abs(statistics.mean(grew[True]) - statistics.mean(grew[False])) < 0.08


def test_rows_of_a_funnel_are_rounded_each_by_itself():
    """Whom no gate removes is told twice, as found and as left: the numbers say nothing of the gates between."""
    draw = random.Random(4)
    groups = [customers(draw, 50) for _ in range(200)]
    differ = [told(50, "candidates", one, 20) != told(50, "members", one, 20) for one in groups]
    assert 0.3 < statistics.mean(differ) < 0.7


def test_where_the_least_group_is_one_all_is_told():
    assert told(3, "members", Group(5, 7), 1) == 3
    assert few(20) == "fewer than 20 or so"
