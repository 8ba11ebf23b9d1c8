"""One door for one person: whatever a command shows of a customer or a group goes through here.

Who enters says as which role, what for, who they are and why. The door refuses a role that has not the purpose, says
which tags are above the role's class, and gives what was read only after the opening is on record. Classes are those of
the tag dictionary, roles are rows of seed ``portrait_roles`` (DECISIONS 84).
"""

import datetime
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Annotated, Protocol, TypeVar

import duckdb
import typer

from banktags.meant import did_you_mean
from banktags.portrait import usage
from banktags.records import RecordError, check_said, machine_user
from banktags.warehouse import records

#: What stands for a value above the role's class.
MASK = "***"
#: Setting that says as which role the commands of this machine read, unless ``--role`` does.
ROLE_SETTING = "BANK_TAGS_ROLE"

ROLES = "select * from policy.portrait_roles order by role, display_order"
CLASSES = "select tag_code, sensitivity, security_level from governance.tag_dictionary"

#: Options of every command that opens the door.
RoleOption = Annotated[
    str | None, typer.Option("--role", envvar=ROLE_SETTING, help="Who reads it, see seed portrait_roles.")
]
PurposeOption = Annotated[
    str | None, typer.Option("--purpose", help="What for: service, marketing or risk; default: the role's usual one.")
]
ByOption = Annotated[
    str,
    typer.Option("--by", help="Who opens it; default: the user of this machine.", default_factory=machine_user),
]
ReasonOption = Annotated[str | None, typer.Option("--reason", help="Why; it goes on record. Default: the purpose.")]


class DoorClosed(LookupError):
    """Nothing is shown: what is missing or not allowed, and what is."""


class NoSuchTag(DoorClosed):
    """A page asks for a tag that the dictionary does not have.

    It is no "no": a tag that is not there would forbid, or allow, what nobody has said.
    """

    def __init__(self, code: str, known: Iterable[str]) -> None:
        super().__init__(
            f"{code} is no tag: {did_you_mean(code, {one: () for one in known})}see governance.tag_dictionary"
        )


@dataclass(frozen=True)
class Role:
    """Who reads, what for, and the highest class that they may see."""

    role: str
    purpose: str
    name_zh: str
    purpose_zh: str
    highest_sensitivity: str
    highest_security_level: int

    def may_see(self, sensitivity: str | None, security_level: int | None) -> bool:
        """Whether something of a class may be shown; what has no class may not."""
        if sensitivity is None or security_level is None:
            return False
        return sensitivity <= self.highest_sensitivity and security_level <= self.highest_security_level

    def masked_because(self, sensitivity: str | None, security_level: int | None) -> str:
        """Why it stands as ***, as in portraits.portrait_by_role: the class of the role, and what is above it."""
        return (
            f"高于{self.name_zh}可见级别 {self.highest_sensitivity}/{self.highest_security_level} 级："
            f"{sensitivity or '?'}/{security_level or '?'} 级"
        )


@dataclass(frozen=True)
class Subject:
    """Of whom or what something was shown: ``portrait`` is customer, explain or group."""

    portrait: str
    subject: str
    as_of_date: datetime.date
    shown_tags: int
    masked_tags: int
    tag_code: str | None = None


class Seen(Protocol):
    """What was read behind the door, masked, and says what of it goes on record."""

    @property
    def subject(self) -> Subject: ...


SeenT = TypeVar("SeenT", bound=Seen)


@dataclass(frozen=True)
class Door:
    """Open for one reader: their role, who and why, and the class of each tag of the dictionary."""

    role: Role
    by: str
    reason: str
    classes: dict[str, tuple[str, int]]

    @property
    def above(self) -> frozenset[str]:
        """The tags above the role's class."""
        return frozenset(code for code in self.classes if self.hides(code))

    def class_of(self, code: str) -> tuple[str, int]:
        """Class of a tag of the dictionary.

        Raises:
            NoSuchTag: it is none.
        """
        if code not in self.classes:
            raise NoSuchTag(code, self.classes)
        return self.classes[code]

    def hides(self, code: str) -> bool:
        """Whether a tag is above the role's class.

        Raises:
            NoSuchTag: it is none of the dictionary.
        """
        return not self.role.may_see(*self.class_of(code))

    def hides_any(self, codes: Iterable[str]) -> bool:
        """Whether any of the names is above the role's class, or is no tag today: history names tags that are gone."""
        return any(code not in self.classes or self.hides(code) for code in codes)

    def masked_because(self, code: str) -> str:
        """Why a tag stands as ***.

        Raises:
            NoSuchTag: it is none of the dictionary.
        """
        return self.role.masked_because(*self.class_of(code))

    def hand_over(self, seen: SeenT) -> SeenT:
        """Keep the opening on record, and only then give what was read.

        Raises:
            DoorClosed: it can't be kept on record.
        """
        opening = usage.Opening(self.by, self.role.role, self.role.purpose, self.reason, **vars(seen.subject))
        try:
            usage.record(opening)
        except RecordError as error:
            raise DoorClosed(f"what can't be kept on record is not opened: {error.message}") from error
        return seen


def enter(
    warehouse: duckdb.DuckDBPyConnection,
    role: str | None,
    purpose: str | None,
    by: str,
    reason: str | None,
    kept_for: str | None = None,
) -> Door:
    """Open the door for a reader; ``kept_for`` is the only purpose that what stands behind it may be read for.

    Raises:
        DoorClosed: there is no such role, or it has not that purpose; names those that there are.
        RecordError: it is not said who, or why.
    """
    reader = find_role(warehouse, role, kept_for if purpose is None else purpose)
    if kept_for not in (None, reader.purpose):
        raise DoorClosed(f"it is kept for {kept_for}, and is not opened for {reader.purpose}")
    reason = reader.purpose_zh if reason is None else reason
    for what, text in (("--by", by), ("--reason", reason)):
        check_said(what, text)
    classes = {code: (sensitivity, level) for code, sensitivity, level in warehouse.execute(CLASSES).fetchall()}
    return Door(reader, by, reason, classes)


@contextmanager
def clear_errors(hint: str) -> Iterator[None]:
    """A closed door as the command's own error."""
    try:
        yield
    except DoorClosed as error:
        raise typer.BadParameter(str(error), param_hint=hint) from error


def find_role(warehouse: duckdb.DuckDBPyConnection, role: str | None, purpose: str | None) -> Role:
    """The role for a purpose; without one, for its usual purpose.

    Raises:
        DoorClosed: there is no such role, or it has not that purpose; names those that there are.
    """
    try:
        rows = records(warehouse, ROLES)
    except duckdb.CatalogException as error:
        raise DoorClosed("the warehouse has no portraits (policy.portrait_roles): run dbt build first") from error
    known = list(dict.fromkeys(row["role"] for row in rows))
    if role is None:
        raise DoorClosed(f"say as which role you read, --role or setting {ROLE_SETTING}: {', '.join(known)}")
    of_role = [row for row in rows if row["role"] == role]
    if not of_role:
        hint = did_you_mean(role, {row["role"]: [row["name_zh"]] for row in rows})
        raise DoorClosed(f"no role {role}: {hint}the roles are {', '.join(known)} (seed portrait_roles)")
    found = [row for row in of_role if purpose in (None, row["purpose"])]
    if not found:
        may = ", ".join(row["purpose"] for row in of_role)
        hint = did_you_mean(purpose or "", {row["purpose"]: [row["purpose_zh"]] for row in of_role})
        raise DoorClosed(f"{role} may not open portraits for {purpose}: {hint}only for {may} (seed portrait_roles)")
    return Role(**{field: found[0][field] for field in Role.__dataclass_fields__})


def find_customer(warehouse: duckdb.DuckDBPyConnection, asked: str) -> str:
    """Golden id of a customer who is asked for by it, or by a customer number of core or CRM.

    Raises:
        DoorClosed: no customer, or more than one, is known by it.
    """
    try:
        known = "select customer_id from marts.customer_tags where customer_id = $1"
        found = warehouse.execute(known, [asked]).fetchall()
        if not found:
            found = warehouse.execute(
                "select distinct customer_id from marts.customer_numbers where id_value = $1 and is_unshared", [asked]
            ).fetchall()
        (built,) = warehouse.execute("select max(as_of_date) from marts.customer_tags").fetchone()
    except duckdb.CatalogException as error:
        raise DoorClosed("the warehouse has no customers (marts.customer_tags): run dbt build first") from error
    if len(found) != 1:
        raise DoorClosed(
            f"no customer {asked} on {built}: give the golden id as in marts.customer_tags, "
            "or a customer number of core or CRM"
        )
    return found[0][0]
