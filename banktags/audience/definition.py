"""An audience that is tried out: the very SQL that dbt would compile for it, from macros/audiences."""

import re
from dataclasses import asdict, dataclass, field
from functools import cache
from types import ModuleType, SimpleNamespace

import duckdb
from jinja2 import Environment, StrictUndefined, TemplateError

from banktags.contract import PROJECT_ROOT

MACROS = PROJECT_ROOT / "macros" / "audiences"

#: What macro audience_query reads, by the names it uses.
RELATIONS = {
    "customer_tags": "marts.customer_tags",
    "tag_confidence": "governance.tag_confidence",
    "products_on_sale": "intermediate.int_products__on_sale",
    "audience_purposes": "policy.audience_purposes",
    "audience_gates": "policy.audience_gates",
    "contact_permissions": "audiences.contact_permissions",
    "offer_exclusions": "audiences.offer_exclusions",
}


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
    """A gate and how many customers it removed, of those that the gates before it had left."""

    gate: str
    name_zh: str
    name_en: str
    removed: int


@dataclass(frozen=True)
class Estimate:
    """How many customers the predicate finds, what each gate of the purpose takes, and who is left."""

    candidates: int
    gates: tuple[Gate, ...]
    members: int


class AudienceError(ValueError):
    """The audience can't be counted: what is wrong, and what to do."""


def estimate(con: duckdb.DuckDBPyConnection, audience: Audience) -> Estimate:
    """Count an audience on the warehouse, without saving it.

    Raises:
        AudienceError: the audience asks for what its purpose does not admit, or its predicate can't be run.
    """
    by_gate = f"""
        select
            case
                when removed_by is null and count(*) < any_value(minimum_size) then 'too_few'
                else removed_by
            end,
            count(*)
        from ({screened(con, audience)}) as screened
        group by removed_by
    """
    try:
        found = dict(con.execute(by_gate).fetchall())
    except duckdb.Error as error:
        raise AudienceError(f"the predicate can't be run: {error}") from error
    gates = con.execute(
        "select gate, name_zh, name_en from policy.audience_gates where removes_member order by position"
    ).fetchall()
    return Estimate(
        candidates=sum(found.values()),
        gates=tuple(Gate(gate, zh, en, found.get(gate, 0)) for gate, zh, en in gates),
        members=found.get(None, 0),
    )


def screened(con: duckdb.DuckDBPyConnection, audience: Audience) -> str:
    """The SQL of an audience before its size is judged, which needs to touch no customer number: what counting runs."""
    return macros().screened_customers(*_arguments(con, audience))


def compiled(con: duckdb.DuckDBPyConnection, audience: Audience) -> str:
    """The SQL of an audience: one row a customer that the predicate finds, with the gate that removed him."""
    return macros().audience_query(*_arguments(con, audience))


def _arguments(con: duckdb.DuckDBPyConnection, audience: Audience) -> tuple[dict, dict[str, str]]:
    """What the macros take: the audience with its predicate rendered, and what is read."""
    compiler = macros()
    entry = asdict(audience)
    try:
        predicate = compiler.environment.from_string(audience.predicate)
        entry["predicate"] = predicate.render(within_days=compiler.within_days)
    except TemplateError as error:
        raise AudienceError(f"the predicate can't be rendered: {error}") from error
    levels = dict(con.execute("select purpose, max_security_level from policy.audience_purposes order by 1").fetchall())
    tags = dict(con.execute("select tag_code, security_level from governance.tag_dictionary order by 1").fetchall())
    purposes = dict(con.execute("select audience, purpose from audiences.audiences order by 1").fetchall())
    problems = compiler.audience_problems(entry, levels, tags, purposes).strip()
    if problems:
        raise AudienceError(f"the audience {problems}")
    others = {name: f"audiences.audience__{name}" for name in purposes}
    return entry, RELATIONS | others


@cache
def macros() -> SimpleNamespace:
    """The macros of macros/audiences that need nothing of dbt, and the environment that renders them."""
    environment = Environment(extensions=["jinja2.ext.do"], undefined=StrictUndefined)
    environment.globals["modules"] = SimpleNamespace(re=re)
    text = "\n".join((MACROS / name).read_text(encoding="utf-8") for name in ("audience_query.sql", "audience.sql"))
    module: ModuleType = environment.from_string(text).module  # type: ignore[assignment]
    names = "screened_customers", "audience_query", "audience_problems", "within_days", "address_token"
    return SimpleNamespace(environment=environment, **{name: getattr(module, name) for name in names})
