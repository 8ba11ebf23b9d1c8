"""What the portrait of one customer shows one role: tags by scenario from ``portraits.portrait_by_role``, and the marts
beside it of which the role may see the amounts too.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from functools import cached_property

import duckdb

from banktags.door import Door, DoorClosed, Role, Subject, find_customer
from banktags.pages.currency import YUAN, Currency, read_currency
from banktags.warehouse import Row, records

#: Class of what stands beside the tags: a name of which one character is left, who looks after whom, what is to do.
CUSTOMER_CLASS = ("C2", 3)

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
            audiences.security_level, audiences.purpose, members.unreached_because, members.product_id,
            products.product_name, members.channel, channels.name_zh as channel_name
        from audiences.audience_members as members
        inner join audiences.audiences as audiences on members.audience = audiences.audience
        left join intermediate.int_products__on_sale as products on members.product_id = products.product_id
        left join policy.contact_channels as channels on members.channel = channels.contact_channel
        where customer_id = $customer
            and audiences.purpose in (select purpose from policy.portrait_roles where role = $role)
        order by audiences.priority nulls last, 1
    """,
    # Each contact channel with the gate that closes it to marketing: whether the gate is told (held out and controls
    # are measured, and their manager is not to know), and whether it closes every offer and not the channel alone.
    "channels": """
        select permissions.channel, channels.name_zh, channels.name_en, permissions.marketing_blocked_by as gate,
            gates.name_zh as gate_zh, gates.name_en as gate_en, coalesce(gates.removes_member, true) as is_told,
            permissions.service_blocked_by is not null as is_closed_to_service,
            permissions.marketing_blocked_by in (
                select gate from policy.contact_gates where purpose = 'marketing' and product_class = 'ANY'
            ) as closes_offers
        from audiences.contact_permissions as permissions
        left join policy.contact_channels as channels on permissions.channel = channels.contact_channel
        left join policy.audience_gates as gates on permissions.marketing_blocked_by = gates.gate
        where customer_id = $customer order by gates.position nulls first, permissions.channel
    """,
    "exclusions": """
        select distinct exclusions.product_class, gates.position, gates.name_zh as gate_zh, gates.name_en as gate_en
        from audiences.offer_exclusions as exclusions
        inner join policy.audience_gates as gates on exclusions.gate = gates.gate
        where customer_id = $customer and exclusions.purpose in ('marketing', $purpose)
        order by gates.position, exclusions.product_class
    """,
}
ENTITLEMENTS = "select name_zh, service_level from policy.tier_entitlements where tier = $1 order by display_order"
STAGE = "select objective_zh, actions_zh from policy.lifecycle_strategies where stage = $1"


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
    channels: Sequence[Row] = ()
    exclusions: Sequence[Row] = ()
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

    def is_masked(self, code: str) -> bool:
        """Whether the tag is above the role's class: then nothing is told that is made of it, known or not."""
        return code in self.above or (code in self.tags and self.tags[code]["is_masked"])

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
    def is_contact_masked(self) -> bool:
        """Whether consent, and with it who may be contacted and offered something, is above the role's class."""
        return self.is_masked("is_marketing_contactable") or not self.is_served

    @property
    def open_channels(self) -> set[str]:
        """The channels that marketing may use."""
        return {row["channel"] for row in self.channels if row["gate"] is None}

    @property
    def offers(self) -> list[Row]:
        """The audiences that reach the customer with a product or service to offer.

        Audience_members says whom an audience reaches, contact_permissions through what; nothing is judged here.
        """
        return [
            row
            for row in self.memberships
            if (row.get("product_name") or row.get("offer_zh"))
            and row["unreached_because"] is None
            and (row["purpose"] != "marketing" or self._is_open(row["channel"]))
        ]

    @property
    def open_waves(self) -> list[Row]:
        """The waves that are due and whose channel marketing may use."""
        return [row for row in self.waves if self._is_open(row["channel"])]

    @property
    def closing_gates(self) -> list[Row]:
        """The gates that close every offer, whoever makes it; empty while a channel is open or closed by itself."""
        closes = [row["closes_offers"] and row["is_told"] and row["gate"] is not None for row in self.channels]
        return list({row["gate"]: row for row in self.channels}.values()) if closes and all(closes) else []

    def is_closed_to(self, product_class: str) -> bool:
        """Whether nothing of a class of product may be offered, whoever makes the offer."""
        return bool(self.closing_gates) or any(row["product_class"] == product_class for row in self.exclusions)

    def _is_open(self, channel: str | None) -> bool:
        """Whether marketing may use a channel; for what names none, any."""
        return bool(self.open_channels) if channel is None else channel in self.open_channels

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
    portrait = CustomerPortrait(customer_id, role, as_of_date, **read, entitlements=[], stage=None, above=door.above)
    stages = records(warehouse, STAGE, [portrait.value("lifecycle_stage")])
    return replace(
        portrait,
        entitlements=records(warehouse, ENTITLEMENTS, [portrait.value("service_tier")]),
        stage=stages[0] if stages else None,
        currency=read_currency(warehouse),
    )
