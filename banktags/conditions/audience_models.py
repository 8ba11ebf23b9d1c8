"""Audience models as files: each is one call of macro audience, with its condition, and nothing else.

Read without dbt, by the tree of Jinja and not by rendering it: what a model says is literals, so nothing runs.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from jinja2 import Environment, TemplateSyntaxError, nodes

from banktags.conditions.condition import Condition, parse_condition
from banktags.conditions.errors import ConditionError, ModelError
from banktags.conditions.known import KnownTags

#: Where in an audience model the condition stands.
CONDITION = re.compile(
    r"\{%-?\s*call\s+audience\s*\(.*?\)\s*-?%\}(?P<condition>.*?)\{%-?\s*endcall\s*-?%\}\s*\Z", re.DOTALL
)
SHAPE = "{% call audience(name_zh='…', purpose='…', owner='…') %} condition {% endcall %}, and nothing else"
#: What the call says that goes into SQL or names something: letters, digits and a few signs.
NAMES = re.compile(r"[A-Za-z0-9_.-]{1,64}")
NAMED = ("purpose", "product", "scenario")
LISTS_OF_NAMES = ("channels", "including", "excluding", "min_confidence")


@dataclass(frozen=True)
class AudienceModel:
    """An audience model: its name, what the call says, the condition, and the tags of condition and floors."""

    name: str
    entry: Mapping[str, object]
    condition: Condition

    @property
    def tags(self) -> tuple[str, ...]:
        """The tags that the audience reads itself."""
        return tuple(sorted({*self.condition.tags, *self.entry.get("min_confidence", {})}))


def read_audience_model(file: Path, shown: Path, tags: KnownTags) -> AudienceModel:
    """Read an audience model from its file, which errors call ``shown``.

    Raises:
        ModelError: it is more than one call, what the call says is no literal or names no such thing, or the condition
            is not admitted.
    """
    text = file.read_text(encoding="utf-8")
    try:
        entry = _entry(text)
        match = CONDITION.search(text)
        if not match:
            raise _at(text, 1, "the condition is not the last part of the model", f"write {SHAPE}")
        _check_floors(text, entry, tags)
        return AudienceModel(file.stem, entry, _condition(text, match.span("condition"), tags))
    except ConditionError as error:
        raise ModelError(shown, error) from None


def _condition(text: str, span: tuple[int, int], tags: KnownTags) -> Condition:
    """The condition, with errors at their place in the file."""
    start, end = span
    # Blank lines and columns before it, so that its words keep their places.
    before = re.sub(r"[^\n]", " ", text[:start])
    return parse_condition(before + text[start:end], tags, in_model=True)


def _entry(text: str) -> dict[str, object]:
    """What the call says, from the tree of the template."""
    try:
        template = Environment(extensions=["jinja2.ext.do"]).parse(text)
    except TemplateSyntaxError as error:
        raise _at(text, error.lineno, f"Jinja can't read it: {error.message}", f"write {SHAPE}") from None
    calls = [node for node in template.body if not _is_blank(node)]
    if len(calls) != 1 or not isinstance(calls[0], nodes.CallBlock) or not _calls_audience(calls[0].call):
        other = next((node for node in calls if not isinstance(node, nodes.CallBlock)), None)
        line = other.lineno if other else 1
        raise _at(text, line, "an audience is one call of macro audience", f"write {SHAPE}")
    (block,) = calls
    if block.args or block.call.args or block.call.dyn_args or block.call.dyn_kwargs:
        raise _at(text, block.lineno, "the call names what it says", f"write {SHAPE}")
    entry: dict[str, object] = {}
    for said in block.call.kwargs:
        try:
            entry[said.key] = said.value.as_const()
        except nodes.Impossible:
            raise _at(text, said.lineno, f"{said.key} is no literal", "write the value itself") from None
        _check_said(text, said.lineno, said.key, entry[said.key])
    return entry


def _is_blank(node: nodes.Node) -> bool:
    return isinstance(node, nodes.Output) and all(
        isinstance(part, nodes.TemplateData) and not part.data.strip() for part in node.nodes
    )


def _calls_audience(call: nodes.Node) -> bool:
    return isinstance(call, nodes.Call) and isinstance(call.node, nodes.Name) and call.node.name == "audience"


def _check_said(text: str, line: int, key: str, value: object) -> None:
    if key in NAMED and value is not None:
        names: list[object] = [value]
    elif key in LISTS_OF_NAMES:
        if not isinstance(value, dict if key == "min_confidence" else list | tuple):
            kind = "{'tag': 0.8}" if key == "min_confidence" else "['…']"
            raise _at(text, line, f"{key} is no list of names", f"write {key}={kind}")
        names = list(value)
    else:
        return
    for name in names:
        if not isinstance(name, str) or not NAMES.fullmatch(name):
            raise _at(text, line, f"{key} names {name!r}", "a name has letters, digits, - . and _ only")


def _check_floors(text: str, entry: Mapping[str, object], tags: KnownTags) -> None:
    floors = entry.get("min_confidence", {})
    line = text.count("\n", 0, max(text.find("min_confidence"), 0)) + 1
    for tag, floor in floors.items():
        if problem := floor_problem(tag, floor, tags):
            raise _at(text, line, *problem)


def floor_problem(tag: str, floor: object, tags: KnownTags) -> tuple[str, str] | None:
    """What is wrong with a floor of confidence, and the remedy; None where nothing is."""
    if tag not in tags.kinds:
        return f"min_confidence names {tag}, which is no tag", tags.nearest(tag)
    if isinstance(floor, bool) or not isinstance(floor, int | float) or not 0 <= floor <= 1:
        return f"the floor of {tag} is {floor}", "a confidence is a number from 0 to 1"
    return None


def _at(text: str, line: int, problem: str, remedy: str) -> ConditionError:
    lines = text.split("\n")
    offset = sum(len(one) + 1 for one in lines[: line - 1])
    return ConditionError(text, offset, len(lines[line - 1]) if line <= len(lines) else 0, problem, remedy)
