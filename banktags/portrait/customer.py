"""What the portrait of one customer shows one role: tags by scenario from ``portraits.portrait_by_role``, and the marts
beside it of which the role may see the amounts too.
"""

import difflib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cached_property

import duckdb

from banktags.explain.reader import Reader
from banktags.pages.currency import YUAN, Currency, read_currency
from banktags.warehouse import Row, records

#: Class of what stands beside the tags: a name of which one character is left, who looks after whom, what is to do.
CUSTOMER_CLASS = ("C2", 3)

ROLE = "select * from policy.portrait_roles order by role, display_order"

#: What the portrait reads of the customer, each filtered by his id.
QUERIES = {
    "rows": """
        select * from portraits.portrait_by_role
        where customer_id = $customer and role = $role and purpose = $purpose
        order by scenario_name, path, tag_code
    """,
    "people": """
        select name_masked, mobile_masked, branch_name, manager_id, manager_name_masked
        from marts.customer_360 where customer_id = $customer
    """,
    "outlook": """
        select outlook.*, tiers.name_zh as other_tier_name
        from marts.customer_tier_outlook as outlook
        left join policy.pyramid_tiers as tiers
            on outlook.other_tier = tiers.tier and tiers.valid_from <= outlook.as_of_date
            and (tiers.valid_to is null or outlook.as_of_date < tiers.valid_to)
        where customer_id = $customer
        order by tiers.currency limit 1
    """,
    "tasks": """
        select action_name, plan_zh, offer_zh, due_date, outcome from marts.tier_tasks
        where customer_id = $customer and outcome in ('open', 'expired') order by due_date, task_id
    """,
    "waves": """
        select offer_zh, channel, due_date, closing_date from marts.customer_wave_plan
        where customer_id = $customer and status = 'due' order by due_date, wave
    """,
    "groups": """
        select members.portrait_group as tag_code, dictionary.name_zh
        from portraits.portrait_members as members
        inner join governance.tag_dictionary as dictionary on members.portrait_group = dictionary.tag_code
        where customer_id = $customer order by 1
    """,
    "audiences": """
        select audiences.audience, audiences.name_zh, audiences.offer_zh, audiences.sensitivity,
            audiences.security_level, members.product_id, products.product_name, channels.name_zh as channel_name
        from audiences.audience_members as members
        inner join audiences.audiences as audiences on members.audience = audiences.audience
        left join intermediate.int_products__on_sale as products on members.product_id = products.product_id
        left join policy.contact_channels as channels on members.channel = channels.contact_channel
        where customer_id = $customer order by audiences.priority nulls last, 1
    """,
}
ENTITLEMENTS = "select name_zh, service_level from policy.tier_entitlements where tier = $1 order by display_order"
STAGE = "select objective_zh, actions_zh from policy.lifecycle_strategies where stage = $1"


@dataclass(frozen=True)
class Role:
    """Who reads the portrait and what for; what is above the class is masked."""

    role: str
    purpose: str
    name_zh: str
    purpose_zh: str
    highest_sensitivity: str
    highest_security_level: int

    def may_see(self, sensitivity: str, security_level: int) -> bool:
        return sensitivity <= self.highest_sensitivity and security_level <= self.highest_security_level


@dataclass(frozen=True)
class CustomerPortrait:
    """One customer as one role may see him; rows are those of the warehouse."""

    customer_id: str
    role: Role
    as_of_date: date
    rows: list[Row]
    people: list[Row]
    outlook: list[Row]
    tasks: list[Row]
    waves: list[Row]
    groups: list[Row]
    audiences: list[Row]
    entitlements: list[Row]
    stage: Row | None
    currency: Currency = YUAN

    @cached_property
    def tags(self) -> Mapping[str, Row]:
        """Each known tag once, by its code."""
        return {row["tag_code"]: row for row in self.rows}

    @cached_property
    def scenarios(self) -> list[tuple[str, list[Row]]]:
        """The tags by scenario: the portrait's own scenario first, then those with most to say."""
        found: dict[str, list[Row]] = {}
        for row in self.rows:
            found.setdefault(row["scenario_name"] or row["scenario"], []).append(row)
        return sorted(found.items(), key=lambda item: (item[1][0]["scenario"] != "portrait", -len(item[1]), item[0]))

    def is_masked(self, code: str) -> bool:
        """Whether the tag is known and above the role's class."""
        return code in self.tags and self.tags[code]["is_masked"]

    def value(self, code: str) -> str | None:
        """Value of a tag as text; None where it is unknown or masked."""
        row = self.tags.get(code)
        return None if row is None or row["is_masked"] else row["tag_value"]

    def label(self, code: str) -> str | None:
        """Value of a tag by its Chinese label."""
        row = self.tags.get(code)
        return None if row is None or row["is_masked"] else row["value_zh"] or row["tag_value"]

    def number(self, code: str) -> Decimal | None:
        value = self.value(code)
        return None if value is None else Decimal(value)

    def holds(self, code: str) -> bool:
        """Whether a yes-or-no tag is yes, as far as the role may know."""
        return self.value(code) == "true"

    @property
    def person(self) -> Row | None:
        """Masked name and who looks after the customer, where the role may see it."""
        return self.people[0] if self.people and self.is_served else None

    @property
    def is_served(self) -> bool:
        """Whether the role serves the customer, and so may see who and what stands beside his tags."""
        return self.role.may_see(*CUSTOMER_CLASS)

    @property
    def memberships(self) -> list[Row]:
        """The groups and audiences he is in; those made of tags above the role's class are not even counted."""
        groups = [row for row in self.groups if not self.is_masked(row["tag_code"])]
        return groups + [row for row in self.audiences if self.role.may_see(row["sensitivity"], row["security_level"])]

    @property
    def offers(self) -> list[Row]:
        """The audiences with a product or service to offer: their gates have let him through."""
        return [row for row in self.memberships if row.get("product_name") or row.get("offer_zh")]

    @property
    def masked_tags(self) -> int:
        return sum(row["is_masked"] for row in self.tags.values())


def find_role(warehouse: duckdb.DuckDBPyConnection, role: str, purpose: str | None) -> Role:
    """The role for a purpose; without one, for its usual purpose.

    Raises:
        LookupError: there is no such role, or it has not that purpose; names those that there are.
    """
    try:
        rows = records(warehouse, ROLE)
    except duckdb.CatalogException as error:
        raise LookupError("the warehouse has no portraits (policy.portrait_roles): run dbt build first") from error
    of_role = [row for row in rows if row["role"] == role]
    if not of_role:
        known = list(dict.fromkeys(row["role"] for row in rows))
        alike = difflib.get_close_matches(role, known, n=1)
        hint = f"did you mean {alike[0]}? " if alike else ""
        raise LookupError(f"no role {role}: {hint}the roles are {', '.join(known)} (seed portrait_roles)")
    found = [row for row in of_role if purpose in (None, row["purpose"])]
    if not found:
        may = ", ".join(row["purpose"] for row in of_role)
        raise LookupError(f"{role} may not open portraits for {purpose}: only for {may} (seed portrait_roles)")
    return Role(**{field: found[0][field] for field in Role.__dataclass_fields__})


def read_customer(warehouse: duckdb.DuckDBPyConnection, customer: str, role: Role) -> CustomerPortrait:
    """The portrait of a customer, by golden id or a customer number of core or CRM.

    Raises:
        LookupError: the warehouse lacks the portraits; says what to do.
        typer.BadParameter: there is no such customer.
    """
    customer_id = Reader(warehouse, customer, None).customer_id
    given = {"customer": customer_id, "role": role.role, "purpose": role.purpose}
    try:
        read = {
            name: records(warehouse, sql, {key: value for key, value in given.items() if f"${key}" in sql})
            for name, sql in QUERIES.items()
        }
    except duckdb.CatalogException as error:
        raise LookupError("the warehouse has no portraits (portraits.portrait_by_role): run dbt build first") from error
    (as_of_date,) = warehouse.execute("select max(as_of_date) from marts.customer_tags").fetchone()
    portrait = CustomerPortrait(customer_id, role, as_of_date, **read, entitlements=[], stage=None)
    stages = records(warehouse, STAGE, [portrait.value("lifecycle_stage")])
    entitlements = records(warehouse, ENTITLEMENTS, [portrait.value("service_tier")])
    return CustomerPortrait(
        customer_id,
        role,
        as_of_date,
        **read,
        entitlements=entitlements,
        stage=stages[0] if stages else None,
        currency=read_currency(warehouse),
    )
