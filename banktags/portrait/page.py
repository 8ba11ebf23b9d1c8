"""The portraits, as one HTML file each."""

import math
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

from banktags.pages.currency import YUAN, Currency
from banktags.pages.template import environment
from banktags.portrait import offers, permissions, person, traits, values
from banktags.portrait.customer import CustomerPortrait
from banktags.portrait.group import SHOWN_ABOVE, SHOWN_BELOW, GroupPortrait
from banktags.warehouse import Row


def render_customer(portrait: CustomerPortrait) -> str:
    """The page of one customer, as the role of the portrait may see them."""
    chinese, english = person.who(portrait)
    said = permissions.permissions(portrait)
    return _render(
        "customer.html",
        currency=portrait.currency,
        portrait=portrait,
        headline=chinese,
        headline_english=english,
        alert=person.alert(portrait),
        next_tier=person.next_tier(portrait),
        may=[one for one in said if one.is_allowed],
        must_not=[one for one in said if not one.is_allowed],
    )


def render_group(portrait: GroupPortrait) -> str:
    """The page of one group."""
    return _render(
        "group.html",
        currency=portrait.currency,
        portrait=portrait,
        counted=traits.counted(portrait) if portrait.is_told else None,
        headline=traits.group_headline(portrait),
        above=portrait.above[:SHOWN_ABOVE],
        below=portrait.below[:SHOWN_BELOW],
        reach=_reach,
    )


def _reach(row: Row, rows: Sequence[Row]) -> float:
    """Length of a bar, 0-1: how far a TGI is from 100 on a log scale, where half and double are equally far.

    A TGI of 0 is as far as the page can show.
    """
    far = [abs(math.log(max(each["tgi"], 1) / 100)) for each in (row, *rows)]
    return far[0] / max(far) if max(far) else 0.0


def _render(template: str, currency: Currency = YUAN, **given: Any) -> str:
    pages = environment(Path(__file__).parent, "portrait.css")
    pages.filters |= {
        "shown": partial(values.shown, currency=currency),
        "trait": traits.trait,
        "task_contact": offers.task_contact,
    }
    pages.tests |= {"nothing": values.is_nothing}
    return pages.get_template(template).render(**given)
