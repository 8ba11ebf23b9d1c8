"""An audience that is tried out: the very SQL that dbt would compile for it, from macros/audiences."""

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from functools import cache
from types import ModuleType, SimpleNamespace

import duckdb
from jinja2 import StrictUndefined, TemplateError
from jinja2.sandbox import SandboxedEnvironment

from banktags.audience.small_counts import Group, told
from banktags.conditions import ConditionError, KnownTags, parse_condition
from banktags.conditions.audience_models import floor_problem
from banktags.conditions.known import of_warehouse
from banktags.contract import PROJECT_ROOT
from banktags.meant import Names, did_you_mean, listed

MACROS = PROJECT_ROOT / "macros" / "audiences"
MACRO_FILES = ("audience_query.sql", "audience_problems.sql", "audience.sql")

#: The products on sale.
ON_SALE = "(select * from audiences.audience_products where is_on_sale)"
#: What macro audience_query reads, by the names it uses.
RELATIONS = {
    "customer_tags": "marts.customer_tags",
    "tag_confidence": "governance.tag_confidence",
    "products_on_sale": ON_SALE,
    "audience_purposes": "policy.audience_purposes",
    "audience_gates": "policy.audience_gates",
    "contact_permissions": "audiences.contact_permissions",
    "offer_exclusions": "audiences.offer_exclusions",
}
#: Columns that say what a code is called.
NAMES = ("name_zh", "product_name", "name_en")


@dataclass(frozen=True)
class Audience:
    """What a call of macro audience() says, apart from its names."""

    predicate: str
    purpose: str = "marketing"
    product: str | None = None
    channels: list[str] = field(default_factory=list)
    including: list[str] = field(default_factory=list)
    excluding: list[str] = field(default_factory=list)
    min_confidence: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Gate:
    """A gate and how many customers it removed, of those that the gates before it had left; None for few."""

    gate: str
    name_zh: str
    name_en: str
    removed: int | None


@dataclass(frozen=True)
class Estimate:
    """How many customers the predicate finds, what each gate of the purpose takes, and who is left; None for few.

    Numbers are rounded to multiples of ``rounded_to``, the bank's least group, each by itself (see small_counts).
    """

    candidates: int | None
    gates: tuple[Gate, ...]
    members: int | None
    rounded_to: int


class AudienceError(ValueError):
    """The audience can't be counted: what is wrong, and what to do."""


def estimate(con: duckdb.DuckDBPyConnection, audience: Audience) -> Estimate:
    """Count an audience on the warehouse, without saving it.

    Raises:
        AudienceError: the audience asks for what its purpose does not admit, or its predicate can't be run.
    """
    groups = removed_groups(con, audience)
    gates = con.execute(
        "select gate, name_zh, name_en from policy.audience_gates where removes_member order by position"
    ).fetchall()
    (least,) = con.execute("select max(minimum_size) from policy.audience_purposes").fetchone()
    found = sum(groups.values(), Group())

    def counted(gate: str | None, what: str) -> int | None:
        return told(groups.get(gate, Group()).size, what, found, least)

    return Estimate(
        candidates=told(found.size, "candidates", found, least),
        gates=tuple(Gate(gate, name_zh, name_en, counted(gate, gate)) for gate, name_zh, name_en in gates),
        members=counted(None, "members"),
        rounded_to=least,
    )


def removed_groups(con: duckdb.DuckDBPyConnection, audience: Audience) -> dict[str | None, Group]:
    """Whom each gate removes, and under None the members: as they are, to be told by ``small_counts`` alone.

    Raises:
        AudienceError: as estimate.
    """
    by_gate = f"""
        select
            case
                when removed_by is null and count(*) < any_value(minimum_size) then 'too_few'
                else removed_by
            end,
            count(*),
            bit_xor(hash(customer_id))
        from ({screened(con, audience)}) as screened
        group by removed_by
    """
    try:
        return {gate: Group(size, fingerprint) for gate, size, fingerprint in con.execute(by_gate).fetchall()}
    except duckdb.Error:
        # DuckDB's own words would tell the values of a customer.
        raise AudienceError("the condition can't be computed of these tags: write smaller numbers") from None


def screened(con: duckdb.DuckDBPyConnection, audience: Audience) -> str:
    """The SQL of an audience before its size is judged, which needs to touch no customer number: what counting runs."""
    return macros().screened_customers(*_arguments(con, audience))


def compiled(con: duckdb.DuckDBPyConnection, audience: Audience) -> str:
    """The SQL of an audience: one row a customer that the predicate finds, with the gate that removed him."""
    return macros().audience_query(*_arguments(con, audience))


def _arguments(con: duckdb.DuckDBPyConnection, audience: Audience) -> tuple[dict, dict[str, str]]:
    """What the macros take: the audience with the SQL of its condition, and what is read."""
    known = of_warehouse(con)
    try:
        condition = parse_condition(audience.predicate, known)
    except ConditionError as error:
        raise AudienceError(f"the condition is not admitted: {error}") from None
    entry = asdict(audience) | {
        # Of whom it can't be computed, by overflow, it does not hold: an error would tell of one customer.
        "predicate": f"try({condition.sql})",
        "tags": sorted({*condition.tags, *audience.min_confidence}),
    }
    _check_floors(audience.min_confidence, known)
    audiences = _audiences(con)
    _check_meant(con, audience)
    levels = dict(con.execute("select tag_code, security_level from governance.tag_dictionary order by 1").fetchall())
    problems = macros().audience_problems(entry, _policy(con), levels, audiences).strip()
    if problems:
        raise AudienceError(f"the audience {problems}")
    _check_product(con, audience.product)
    return entry, RELATIONS | {name: f"audiences.audience__{name}" for name in audiences}


def _check_floors(floors: Mapping[str, float], known: KnownTags) -> None:
    for tag, floor in floors.items():
        if problem := floor_problem(tag, floor, known):
            raise AudienceError("; ".join(problem))


def _check_meant(con: duckdb.DuckDBPyConnection, audience: Audience) -> None:
    """Refuse a purpose, channel or audience that there is not, where it is plain which was meant."""
    purposes = names_of(con, "policy.audience_purposes", "purpose")
    channels = names_of(con, "policy.contact_channels", "contact_channel")
    audiences = names_of(con, "audiences.audiences", "audience")
    asked = [("has purpose {}", [audience.purpose], purposes), ("names channel {}", audience.channels, channels)]
    asked.append(("names audience {}, which there is not", [*audience.including, *audience.excluding], audiences))
    for said, names, known in asked:
        for name in names:
            if name not in known and (hint := did_you_mean(name, known)):
                raise AudienceError(f"the audience {said.format(name)}: {hint}there are {listed(known)}")


def names_of(con: duckdb.DuckDBPyConnection, relation: str, code: str) -> Names:
    """The codes of a relation in order, each with what it is called there."""
    try:
        rows = _rows(con, f"select * from {relation} order by {code}")
    except duckdb.CatalogException:
        return {}
    return {row[code]: tuple(row[name] for name in NAMES if row.get(name)) for row in rows}


def _check_product(con: duckdb.DuckDBPyConnection, product: str | None) -> None:
    """Refuse a product that the bank does not have; one that is not on sale is a matter of the gates."""
    if product is None:
        return
    on_sale = names_of(con, ON_SALE, "product_id")
    if product in on_sale:
        return
    if product not in names_of(con, "audiences.audience_products", "product_id"):
        hint = did_you_mean(product, on_sale)
        raise AudienceError(f"there is no product {product} in core.products: {hint}on sale are {listed(on_sale)}")


def _policy(con: duckdb.DuckDBPyConnection) -> dict[str, dict]:
    """What each purpose may do, as macro audience_problems takes it."""
    rows = _rows(con, "select * from policy.audience_purposes order by purpose")
    lists = ("channels", "scenarios")
    return {row["purpose"]: row | {name: (row[name] or "").split("|") for name in lists} for row in rows}


def _audiences(con: duckdb.DuckDBPyConnection) -> dict[str, dict]:
    """What each audience of the warehouse is, as macro audience_problems takes it."""
    rows = _rows(
        con, "select audience, purpose, including, excluding, security_level from audiences.audiences order by audience"
    )
    return {
        row["audience"]: {
            "purpose": row["purpose"],
            "including": (row["including"] or "").split(",") if row["including"] else [],
            "excluding": (row["excluding"] or "").split(",") if row["excluding"] else [],
            "level": row["security_level"] or 0,
        }
        for row in rows
    }


def _rows(con: duckdb.DuckDBPyConnection, query: str) -> list[dict]:
    try:
        found = con.execute(query)
    except duckdb.BinderException as error:
        raise AudienceError(f"the warehouse is of another version of the project: build it anew ({error})") from error
    names = [column[0] for column in found.description]
    return [dict(zip(names, row, strict=True)) for row in found.fetchall()]


@cache
def macros() -> SimpleNamespace:
    """The macros of macros/audiences that need nothing of dbt. What people write is never rendered."""
    environment = SandboxedEnvironment(extensions=["jinja2.ext.do"], undefined=StrictUndefined)
    environment.globals["modules"] = {"re": {"fullmatch": re.fullmatch}}
    try:
        text = "\n".join((MACROS / name).read_text(encoding="utf-8") for name in MACRO_FILES)
        module: ModuleType = environment.from_string(text).module  # type: ignore[assignment]
    except TemplateError as error:
        raise AudienceError(f"{MACROS} can't be read: {error}") from error
    names = "screened_customers", "audience_query", "audience_problems", "within_days"
    return SimpleNamespace(**{name: getattr(module, name) for name in names})
