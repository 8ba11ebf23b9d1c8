"""An audience that is tried out: judged by the very models that judge the saved ones."""

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from functools import cache
from types import ModuleType, SimpleNamespace

import duckdb
from jinja2 import StrictUndefined, Template, TemplateError
from jinja2.sandbox import SandboxedEnvironment

from banktags.audience.small_counts import Group, told
from banktags.conditions import ConditionError, KnownTags, parse_condition
from banktags.conditions.audience_models import floor_problem
from banktags.conditions.known import of_warehouse
from banktags.contract import PROJECT_ROOT
from banktags.load.extract import literal
from banktags.meant import Names, did_you_mean, listed

#: Files of macros that need nothing of dbt beyond what is given to them here.
MACROS = (
    "audiences/audience_problems.sql",
    "audiences/settled.sql",
    "contact/contact.sql",
    "dictionary/tag_entries.sql",
)
#: Models that are rendered for the audience that is tried, and read what stands in the warehouse.
RENDERED = ("audience_terms", "audience_doubts", "audience_screening", "audience_members")
#: The products on sale.
ON_SALE = "(select * from audiences.audience_products where is_on_sale)"
#: What these read of the warehouse.
RELATIONS = {
    "customer_tags": "marts.customer_tags",
    "tag_confidence": "governance.tag_confidence",
    "int_products__on_sale": ON_SALE,
    "int_campaign__controls": "audiences.audience_controls",
    "audience_purposes": "policy.audience_purposes",
    "audience_gates": "policy.audience_gates",
    "audience_holdout": "audiences.audience_holdout",
    "contact_permissions": "audiences.contact_permissions",
    "offer_exclusions": "audiences.offer_exclusions",
    "parsed_conditions": "governance.parsed_conditions",
}
#: Members of the saved audiences, which the one that is tried may include or exclude.
MEMBERS = "audiences.audience_members"
#: What the audience that is tried is called: no model can be.
TRIED = "(tried)"
#: Columns that say what a code is called.
NAMES = ("name_zh", "product_name", "name_en")


@dataclass(frozen=True)
class Audience:
    """What the model of an audience and its entry say, apart from its names."""

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
        select removed_at_last, count(*), bit_xor(hash(customer_id))
        from ({_rendered(_judged(con, audience), OUTCOMES)}) as settled
        group by removed_at_last
    """
    try:
        return {gate: Group(size, fingerprint) for gate, size, fingerprint in con.execute(by_gate).fetchall()}
    except duckdb.Error:
        # DuckDB's own words would tell the values of a customer.
        raise AudienceError("the condition can't be computed of these tags: write smaller numbers") from None


def screened(con: duckdb.DuckDBPyConnection, audience: Audience) -> str:
    """The SQL of model audience_screening for an audience: whom it finds, their best channel, their own first gate."""
    return _rendered(_judged(con, audience), "{{ ref('audience_screening') }}")


def compiled(con: duckdb.DuckDBPyConnection, audience: Audience) -> str:
    """The SQL of an audience: a row a customer whom it finds, with what reaches them or the gate that removes them."""
    entry = _judged(con, audience)
    members, outcomes = _rendered(entry, "{{ ref('audience_members') }}"), _rendered(entry, OUTCOMES)
    return f"""
        select customer_id, channel, address_token, unreached_because, null as removed_by from ({members}) as members
        union all
        select customer_id, null, null, null, removed_at_last from ({outcomes}) as settled
        where removed_at_last is not null
    """


#: What becomes of the candidates, once it is known who is in the audiences that theirs includes and excludes.
OUTCOMES = "{{ settled(ref('audience_screening'), saved_members) }}"


def _rendered(entry: dict, text: str) -> str:
    """A text of the project's SQL, about an audience alone. What people write is never rendered.

    Raises:
        AudienceError: a file of the project can't be read.
    """
    found = f"select {literal(TRIED)} as audience, customer_id from marts.customer_tags where {entry['predicate']}"

    def ref(name: str) -> str:
        if name not in RENDERED:
            return RELATIONS[name]
        model = PROJECT_ROOT / "models" / "audiences" / f"{name}.sql"
        return f"(\n{render(model.read_text(encoding='utf-8'))}\n)"

    def render(template: str) -> str:
        return _template(template).render(
            ref=ref,
            config=lambda **_: "",
            check_audiences=lambda: "",
            audience_entries=lambda: [entry],
            rows_of_audiences=lambda field: _listed(entry[field]),
            found_by_audiences=lambda _: found,
            rounds_of_sets=lambda: 0,
            nobody=lambda: f"select audience, customer_id from {MEMBERS}",
            saved_members=MEMBERS,
            dbt=SimpleNamespace(escape_single_quotes=lambda value: value.replace("'", "''")),
        )

    try:
        return render(text).strip()
    except (OSError, TemplateError) as error:
        raise AudienceError(f"the models of the project can't be read: {error}") from error


def _listed(said: list[str] | Mapping[str, float]) -> list[dict]:
    """What the audience says as a list, as macro rows_of_audiences has it."""
    floors = said if isinstance(said, Mapping) else {}
    return [
        {"audience": TRIED, "said": name, "place": place, "value": floors.get(name)}
        for place, name in enumerate(said, start=1)
    ]


def _judged(con: duckdb.DuckDBPyConnection, audience: Audience) -> dict:
    """The audience as macro audience_entries would have it, with the SQL of its condition.

    Raises:
        AudienceError: it asks for what its purpose does not admit, or its predicate can't be run.
    """
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
    return entry | {"audience": TRIED}


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
def macros() -> ModuleType:
    """The macros that need nothing of dbt, as functions."""
    return _template("").module  # type: ignore[return-value]


@cache
def _template(text: str) -> Template:
    """A text of the project's SQL, with the macros that it may call.

    Raises:
        AudienceError: a file of macros is gone.
    """
    environment = SandboxedEnvironment(extensions=["jinja2.ext.do"], undefined=StrictUndefined)
    environment.globals["modules"] = {"re": {"fullmatch": re.fullmatch}}
    try:
        files = [(PROJECT_ROOT / "macros" / name).read_text(encoding="utf-8") for name in MACROS]
    except OSError as error:
        raise AudienceError(f"the macros of the project can't be read: {error}") from error
    return environment.from_string("".join(files) + text)
