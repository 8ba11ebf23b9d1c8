"""What the portrait of one customer shows one role: tags by scenario from ``portraits.portrait_by_role``, and the marts
beside it of which the role may see the amounts too.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from functools import cached_property

import duckdb

from banktags.door import Door, DoorClosed, NoSuchTag, Role, Subject, find_customer
from banktags.pages.currency import YUAN, Currency, read_currency
from banktags.warehouse import Row, records

#: What the portrait reads of the customer, each filtered by their id.
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
        select * from portraits.portrait_tasks where customer_id = $customer order by kind, due_date, task_id
    """,
    "groups": """
        select members.portrait_group as tag_code, dictionary.name_zh
        from portraits.portrait_members as members
        inner join governance.tag_dictionary as dictionary on members.portrait_group = dictionary.tag_code
        where customer_id = $customer order by 1
    """,
    "audiences": """
        select * from portraits.portrait_offers
        where customer_id = $customer and purpose in (select purpose from policy.portrait_roles where role = $role)
        order by priority nulls last, audience
    """,
    "permissions": """
        select * from portraits.portrait_permissions_by_role
        where customer_id = $customer and role = $role and purpose = $purpose
        order by matter, because, subject
    """,
}
ENTITLEMENTS = "select name_zh, service_level from policy.tier_entitlements where tier = $1 order by display_order"
STAGE = "select objective_zh, actions_zh from policy.lifecycle_strategies where stage = $1"


@dataclass(frozen=True)
class CustomerPortrait:
    """One customer as one role may see them; rows are those of the warehouse."""

    customer_id: str
    role: Role
    as_of_date: date
    known: frozenset[str]  # the codes of the dictionary: who asks for another is told so
    rows: list[Row]
    people: list[Row]
    outlook: list[Row]
    tasks: list[Row]
    groups: list[Row]
    audiences: list[Row]
    permissions: list[Row]
    entitlements: list[Row]
    stage: Row | None
    currency: Currency = YUAN
    above: frozenset[str] = frozenset()  # tags above the role's class, known of the customer or not

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

    def tag(self, code: str) -> Row | None:
        """What is known of a tag, masked or not; None where it is unknown of the customer.

        Raises:
            NoSuchTag: the dictionary has no such tag. Every other way to ask for a tag comes through here.
        """
        if code not in self.known:
            raise NoSuchTag(code, self.known)
        return self.tags.get(code)

    def is_masked(self, code: str) -> bool:
        """Whether the tag is above the role's class: then nothing is told that is made of it, known or not."""
        row = self.tag(code)
        return code in self.above or (row is not None and row["is_masked"])

    def value(self, code: str) -> str | None:
        """Value of a tag as text; None where it is unknown or masked."""
        row = self.tag(code)
        return None if row is None or row["is_masked"] else row["tag_value"]

    def label(self, code: str) -> str | None:
        """Value of a tag by its Chinese label."""
        row = self.tag(code)
        return None if row is None or row["is_masked"] else row["value_zh"] or row["tag_value"]

    def number(self, code: str) -> Decimal | None:
        value = self.value(code)
        return None if value is None else Decimal(value)

    def holds(self, code: str) -> bool:
        """Whether a yes-or-no tag is yes, as far as the role may know."""
        return self.value(code) == "true"

    def since(self, code: str) -> date | None:
        """Since when the value of a tag has stood, where history has seen it begin and the role may know."""
        row = self.tag(code)
        return None if row is None else row["since"]

    @property
    def person(self) -> Row | None:
        """Masked name and who looks after the customer, where the role may see it."""
        return self.people[0] if self.people and self.sees("beside") else None

    def sees(self, matter: str) -> bool:
        """Whether the role may see a matter of the page: beside (what stands beside the tags), or outlook."""
        return any(not row["is_masked"] for row in self.permitted(matter))

    def is_masked_matter(self, matter: str) -> bool:
        """Whether a matter is above the role's class: then nothing is told of it."""
        return any(row["is_masked"] for row in self.permitted(matter))

    @property
    def memberships(self) -> list[Row]:
        """The groups and audiences they are in; those made of tags above the role's class are not even counted."""
        groups = [row for row in self.groups if not self.is_masked(row["tag_code"])]
        return groups + [row for row in self.audiences if self.role.may_see(row["sensitivity"], row["security_level"])]

    @property
    def offers(self) -> list[Row]:
        """What may be offered or told today, as portraits.portrait_offers judges it."""
        return [row for row in self.memberships if row.get("is_offered")]

    def permitted(self, matter: str) -> list[Row]:
        """What portraits.portrait_permissions_by_role says of a matter."""
        return [row for row in self.permissions if row["matter"] == matter]

    @property
    def may_offer(self) -> bool:
        """Whether anything may be offered at all."""
        return any(row["is_allowed"] for row in self.permitted("offer"))

    @property
    def masked_tags(self) -> int:
        return sum(row["is_masked"] for row in self.tags.values())

    @property
    def subject(self) -> Subject:
        masked = self.masked_tags
        return Subject("customer", self.customer_id, self.as_of_date, len(self.tags) - masked, masked)


def read_customer(warehouse: duckdb.DuckDBPyConnection, customer: str, door: Door) -> CustomerPortrait:
    """The portrait of a customer, by golden id or a customer number of core or CRM.

    Raises:
        DoorClosed: there is no such customer, or the warehouse lacks the portraits; says what to do.
    """
    customer_id, role = find_customer(warehouse, customer), door.role
    given = {"customer": customer_id, "role": role.role, "purpose": role.purpose}
    try:
        read = {
            name: records(warehouse, sql, {key: value for key, value in given.items() if f"${key}" in sql})
            for name, sql in QUERIES.items()
        }
    except duckdb.CatalogException as error:
        raise DoorClosed("the warehouse has no portraits (portraits.portrait_by_role): run dbt build first") from error
    (as_of_date,) = warehouse.execute("select max(as_of_date) from marts.customer_tags").fetchone()
    known = frozenset(door.classes)
    portrait = CustomerPortrait(
        customer_id, role, as_of_date, known, **read, entitlements=[], stage=None, above=door.above
    )
    stages = records(warehouse, STAGE, [portrait.value("lifecycle_stage")])
    return replace(
        portrait,
        entitlements=records(warehouse, ENTITLEMENTS, [portrait.value("service_tier")]),
        stage=stages[0] if stages else None,
        currency=read_currency(warehouse),
    )
