"""What the portrait of a group shows one role, read from ``portraits.portrait_group`` and ``portrait_groups``.

A figure about a group is as sensitive as the trait that it counts, and as what puts a customer into the group: what is
above the role's class is masked.
"""

from dataclasses import dataclass
from datetime import date

import duckdb

from banktags.door import Door, DoorClosed, Role, Subject
from banktags.meant import did_you_mean
from banktags.pages.currency import YUAN, Currency, read_currency
from banktags.warehouse import Row, records

GROUPS = "select * from portraits.portrait_groups order by portrait_group, branch_id nulls first"
TRAITS = """
    select traits.*, dictionary.path
    from portraits.portrait_group as traits
    inner join governance.tag_dictionary as dictionary using (tag_code)
    where portrait_group = $1
    order by branch_id nulls first, path, tag_code, display_order, tag_value
"""
#: What an audience is for, and the class of its condition.
AUDIENCE = "select purpose, sensitivity, security_level from audiences.audiences where audience = $1"
#: What a role may open portraits for.
PURPOSES = "select purpose from policy.portrait_roles where role = $1"
#: The distributions that the page draws, whether or not they differ.
DISTRIBUTIONS = {
    "age_years": "年龄 Age",
    "aum_tier": "客户层级 Tier",
    "asset_level": "资产等级 Assets",
    "lifecycle_stage": "生命周期 Life cycle",
}
#: How many differences the page draws to each side.
SHOWN_ABOVE, SHOWN_BELOW = 12, 8


@dataclass(frozen=True)
class GroupPortrait:
    """A group against the bank's other active customers and, where the policy says so, branch by branch.

    ``traits`` has what the role may see. Where the group itself is above the role's class, ``is_masked``, there is
    none, and no figure in ``group``.
    """

    group: Row
    branches: list[Row]
    traits: list[Row]
    role: Role
    currency: Currency = YUAN
    benefit_purposes: frozenset[str] = frozenset()  # what the role may open portraits for
    masked: tuple[Row, ...] = ()  # traits of the whole bank's comparison that are above the role's class
    masked_because: str | None = None  # the group itself is

    @property
    def is_masked(self) -> bool:
        """Whether the group itself is above the role's class."""
        return self.masked_because is not None

    @property
    def is_told(self) -> bool:
        """Whether there are figures to show."""
        return not self.is_masked and not self.group["is_suppressed"]

    @property
    def masked_tags(self) -> int:
        return len({row["tag_code"] for row in self.masked})

    @property
    def tested(self) -> int:
        """How many of the traits that the role may see were tested."""
        return sum(row["p_value"] is not None for row in self.of_bank)

    @property
    def suppressed(self) -> int:
        """How many of them are about too few customers."""
        return sum(row["is_suppressed"] for row in self.of_bank)

    @property
    def subject(self) -> Subject:
        shown, hidden = len(self.of_bank) - self.suppressed, self.suppressed + len(self.masked)
        return Subject("group", self.group["portrait_group"], self.as_of_date, shown, hidden)

    @property
    def minimum(self) -> int:
        """The size under which nothing is said."""
        return self.group["minimum_size"]

    @property
    def as_of_date(self) -> date:
        return self.group["as_of_date"]

    @property
    def of_bank(self) -> list[Row]:
        return [row for row in self.traits if row["branch_id"] is None]

    @property
    def above(self) -> list[Row]:
        """Traits that the group has significantly more often, the largest TGI first."""
        return sorted((row for row in self.of_bank if row["is_significant"] and row["z"] > 0), key=_tgi, reverse=True)

    @property
    def below(self) -> list[Row]:
        """Traits that it has significantly less often, the smallest TGI first."""
        return sorted((row for row in self.of_bank if row["is_significant"] and row["z"] < 0), key=_tgi)

    @property
    def distributions(self) -> list[tuple[str, list[Row]]]:
        """Title and rows of each distribution, in the order of its values."""
        found = []
        for code, title in DISTRIBUTIONS.items():
            rows = [row for row in self.of_bank if row["tag_code"] == code]
            if rows:
                found.append((title, sorted(rows, key=lambda row: (row["display_order"], row["tag_value"]))))
        return found

    @property
    def benefits(self) -> list[tuple[Row, Row]]:
        """What to offer in which branch, for which trait: the branch's group and the trait, of the bank first.

        To a role that may do nothing for the purpose of the benefit, none.
        """
        groups = {row["branch_id"]: row for row in [self.group, *self.branches]}
        return [
            (groups[row["branch_id"]], row)
            for row in self.traits
            if row["benefit_zh"] and row["benefit_purpose"] in self.benefit_purposes
        ]

    @property
    def benefits_not_for(self) -> list[str]:
        """Which members the benefits are not for, by the names of their tags, each text once."""
        return list(dict.fromkeys(row["benefit_not_for_zh"] for _, row in self.benefits if row["benefit_not_for_zh"]))

    @property
    def branch_findings(self) -> list[tuple[Row, list[Row]]]:
        """The branches in which the group differs from the branch's other customers, with what it has more often."""
        found = []
        for branch in self.branches:
            rows = [
                row
                for row in self.traits
                if row["branch_id"] == branch["branch_id"] and row["is_significant"] and row["z"] > 0
            ]
            if rows:
                found.append((branch, sorted(rows, key=lambda row: row["p_adjusted"])))
        return sorted(found, key=lambda item: (-len(item[1]), item[0]["branch_id"]))


def _tgi(row: Row) -> float:
    return float("inf") if row["tgi"] is None else row["tgi"]


def purpose_of(warehouse: duckdb.DuckDBPyConnection, group: str) -> str | None:
    """What a group may be looked at for: an audience for its purpose, a group that is a tag for any."""
    try:
        audience = _audience(warehouse, group)
    except duckdb.CatalogException as error:
        raise DoorClosed("the warehouse has no portraits (audiences.audiences): run dbt build first") from error
    return audience and audience["purpose"]


def read_group(warehouse: duckdb.DuckDBPyConnection, group: str, door: Door) -> GroupPortrait:
    """The portrait of a group.

    Raises:
        DoorClosed: the warehouse lacks the portraits, or the group; says what to do, or which groups there are.
    """
    try:
        groups = records(warehouse, GROUPS)
    except duckdb.CatalogException as error:
        raise DoorClosed("the warehouse has no portraits (portraits.portrait_groups): run dbt build first") from error
    found = [row for row in groups if row["portrait_group"] == group]
    if not found:
        known = list(dict.fromkeys(row["portrait_group"] for row in groups))
        hint = did_you_mean(group, {row["portrait_group"]: [row["name_zh"]] for row in groups})
        raise DoorClosed(
            f"no group {group} has members: {hint}the groups are {', '.join(known) or 'none yet'} "
            "(portraits.portrait_groups)"
        )
    (bank, *branches), traits = found, records(warehouse, TRAITS, [group])
    audience = _audience(warehouse, group)
    made_of = (audience["sensitivity"], audience["security_level"]) if audience else door.class_of(group)
    currency = read_currency(warehouse)
    if not door.role.may_see(*made_of):
        named = {name: bank[name] for name in ("portrait_group", "name_zh", "comparison_name_zh", "minimum_size")}
        nothing = {"as_of_date": bank["as_of_date"], "branch_id": None, "customers": None, "comparison_customers": None}
        masked = tuple(row for row in traits if row["branch_id"] is None)
        because = f"圈定该群体的标签{door.role.masked_because(*made_of)}"
        return GroupPortrait(named | nothing, [], [], door.role, currency, masked=masked, masked_because=because)
    masked = tuple(row for row in traits if row["branch_id"] is None and door.hides(row["tag_code"]))
    purposes = frozenset(row["purpose"] for row in records(warehouse, PURPOSES, [door.role.role]))
    shown = [row for row in traits if not door.hides(row["tag_code"])]
    return GroupPortrait(bank, branches, shown, door.role, currency, purposes, masked)


def _audience(warehouse: duckdb.DuckDBPyConnection, group: str) -> Row | None:
    found = records(warehouse, AUDIENCE, [group])
    return found[0] if found else None
